package lolbas

import (
	"maps"
	"slices"
	"strings"

	"reeve/cmdline"
)

// LocationClass says how a path relates to where an entry belongs.
type LocationClass string

// The classes, from best to worst fit. The names in JSON are stable.
const (
	Listed         LocationClass = "listed"          // a path that LOLBAS lists
	ListedForm     LocationClass = "listed_form"     // the same with another version, architecture, edition, drive or user, or a location that LOLBAS omits
	ServicingCopy  LocationClass = "servicing_copy"  // Windows' own store, update or upgrade folders
	VendorCopy     LocationClass = "vendor_copy"     // in another product's folder below Program Files
	OtherProtected LocationClass = "other_protected" // elsewhere, where only administrators can write
	UserWritable   LocationClass = "user_writable"   // where any user can write on a default installation
	RemotePath     LocationClass = "remote"          // network, RDP client, removable or optical drive; see Location.Detail
	NoList         LocationClass = "no_list"         // LOLBAS lists no path for the entry
	NoLocation     LocationClass = "unknown"         // the record has a file name only
)

// Location is the answer to "is it run from where it belongs?".
type Location struct {
	Class   LocationClass
	Detail  string // of RemotePath: share, webdav, url, tsclient, removable, cd_image
	Says    string // one sentence with the reason
	Matched string // the listed or known path that the class rests on, or ""
	Differs string // of ListedForm: what differs from Matched, or ""
}

// Locate says which class a path is for an entry. The path is taken in any
// form that [cmdline.ParsePath] reads. For a library it is the path the
// library was loaded from, for a script the interpreter's argument.
func Locate(e *Entry, path string) Location {
	p := cmdline.ParsePath(path)
	switch p.Kind {
	case cmdline.Empty, cmdline.Bare, cmdline.Relative, cmdline.Device:
		return Location{Class: NoLocation, Says: "The record does not say in which folder the file is."}
	case cmdline.Local, cmdline.Volume:
	default:
		detail, says := outside(p)
		return Location{Class: RemotePath, Detail: detail, Says: says}
	}
	if at, ok := matchListed(e, p); ok {
		return at
	}
	class, says := place(p)
	if p.Stream != "" {
		return Location{Class: class, Says: "It runs from the alternate data stream " + p.Stream + " of " + bearer(p) + ", which no installer does."}
	}
	if class != ServicingCopy && len(e.Paths)+len(e.Known) == 0 {
		return Location{Class: NoList, Says: "LOLBAS lists no path for " + e.Name + ", so the list cannot answer. " + says}
	}
	if class != ServicingCopy {
		says += " " + e.Name + " belongs in " + home(e) + "."
	}
	if class == OtherProtected {
		says += " Only an administrator can have put it here."
	}
	return Location{Class: class, Says: says}
}

// outside describes a path that is on no volume of the host.
func outside(p cmdline.Path) (detail, says string) {
	switch {
	case p.Kind == cmdline.TSClient:
		return "tsclient", "It runs from a drive of the RDP client (" + p.Share + ")."
	case p.Kind == cmdline.CDROM:
		return "cd_image", "It runs from an optical drive or a mounted image."
	case p.Kind == cmdline.Floppy:
		return "removable", "It runs from a removable drive."
	case p.Kind == cmdline.URL:
		return "url", "It is fetched from " + p.Host + "."
	case p.WebDAV():
		return "webdav", "It runs from the web server " + p.Host + " by WebDAV."
	}
	share := "\\\\" + p.Host + "\\" + p.Share
	switch {
	case p.Host == "wsl$" || p.Host == "wsl.localhost":
		return "share", "It runs from the files of a Linux distribution on the same host (" + share + ")."
	case loopback(p.Host):
		return "share", "It runs from the host's own disk, called as the network share " + share + ": so a path is hidden that would show where it lies."
	}
	return "share", "It runs from the network share " + share + "."
}

// loopback says whether a host's name means the same host.
func loopback(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1" || host == "[::1]" || host == "0--1.ipv6-literal.net"
}

// bearer is the file that a path with an alternate data stream names, as written.
func bearer(p cmdline.Path) string {
	if i := strings.LastIndex(lowerASCII(p.Display), ":"+p.Stream); i >= 0 {
		return p.Display[:i]
	}
	return p.Base
}

// home words where an entry belongs by the form of its first path.
func home(e *Entry) string {
	forms := listedForms[e.Name]
	words := forms[0].folder()
	if slices.ContainsFunc(forms, func(other form) bool { return other.key != forms[0].key && !strings.Contains(other.key, "syswow64") }) {
		words += " or another known place"
	}
	return words
}

// Homes are the folders in which an entry belongs, those that LOLBAS omits last. One stands for all that differ only in what varies
// between installations, which it names and does not give: "<version>".
func (e *Entry) Homes() []string {
	var all []string
	seen := map[string]bool{}
	for _, f := range listedForms[e.Name] {
		if !seen[f.key] {
			seen[f.key] = true
			all = append(all, f.folder())
		}
	}
	return all
}

// folder is the form's folder, with names for what varies.
func (f form) folder() string {
	names := strings.Split(folderOf(f.path), `\`)
	for _, what := range slices.Sorted(maps.Keys(f.values)) {
		if what == "drive" || what == "user" || what == "kit" || what == "Program Files folder" || what == "Office layout" {
			continue
		}
		for value := range strings.SplitSeq(f.values[what], ", ") {
			if i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, value) }); i >= 0 && value != "" {
				names[i] = "<" + what + ">"
			}
		}
	}
	return strings.Join(names, `\`)
}

func folderOf(path string) string { return path[:max(strings.LastIndexByte(path, '\\'), 0)] }

// matchListed compares the path with the entry's own paths, by form.
func matchListed(e *Entry, p cmdline.Path) (Location, bool) {
	if p.Stream != "" {
		return Location{}, false
	}
	short := shortFor(e, p.Base)
	if short != "" {
		p.Base = short
	}
	best, bestDiffers := Location{}, []string(nil)
	consider := func(f form, mine form, class LocationClass, extra ...string) {
		if f.key != mine.key {
			return
		}
		differs := append(f.differs(mine), extra...)
		if class == Listed && len(differs) > 0 {
			class = ListedForm
		}
		if best.Class == "" || len(differs) < len(bestDiffers) {
			best, bestDiffers = Location{Class: class, Matched: f.path}, differs
		}
	}
	var extra []string
	if short != "" || p.Uncertain {
		extra = []string{"written as an 8.3 name or variable, so not certain"}
	}
	mine := formOf(p)
	native := formOf(nativeFolder(p))
	for _, f := range listedForms[e.Name] {
		class := Listed
		if f.known {
			class = ListedForm
		}
		consider(f, mine, class, extra...)
		if native.key != mine.key {
			consider(f, native, class, append(extra, p.Dir[1]+" instead of System32")...)
		}
	}
	if best.Class == "" {
		return Location{}, false
	}
	best.Differs = strings.Join(bestDiffers, "; ")
	switch {
	case best.Class == Listed:
		best.Says = "It runs from where LOLBAS lists it."
	case best.Differs == "":
		best.Says = "It runs from a known location that LOLBAS omits: " + folderOf(best.Matched) + "."
	default:
		best.Says = "It runs from the usual location with another detail: " + best.Differs + "."
	}
	return best, true
}

// nativeFolder turns the folder of 32-bit and ARM programs into System32: an
// entry listed in System32 may be in all of them, but not the reverse
// (explorer.exe is in SysWOW64 and not in System32).
func nativeFolder(p cmdline.Path) cmdline.Path {
	if len(p.Dir) > 1 && p.Dir[0] == "windows" {
		switch p.Dir[1] {
		case "syswow64", "sysarm32", "sychpe32":
			p.Dir = slices.Clone(p.Dir)
			p.Dir[1] = "system32"
		}
	}
	return p
}

// shortFor returns the name of the entry that an 8.3 name can stand for.
func shortFor(e *Entry, base string) string {
	stem, number, found := strings.Cut(base, "~")
	if !found || stem == "" {
		return ""
	}
	_, ext, _ := strings.Cut(number, ".")
	for _, name := range e.names() {
		long := strings.NewReplacer(" ", "", ".", "").Replace(name[:strings.LastIndexByte(name, '.')])
		if len(long) > 8 && strings.HasPrefix(long, stem) && strings.HasSuffix(name, "."+ext) {
			return name
		}
	}
	return ""
}

// place classes a folder on one of the host's volumes by who can write there
// on a default installation.
func place(p cmdline.Path) (LocationClass, string) {
	dirs := p.Dir
	if len(dirs) == 0 {
		return UserWritable, "It runs from the top of a drive."
	}
	path := strings.Join(dirs, `\`) + `\`
	first := dirs[0]
	for _, root := range protectedRoots {
		if first != root && strings.TrimRight(first, " .\u00a0") == root {
			return UserWritable, "The folder \"" + first + "\" only looks like " + root + "."
		}
	}
	under := func(list []string) bool {
		return slices.ContainsFunc(list, func(folder string) bool { return strings.HasPrefix(path, folder+`\`) })
	}
	switch {
	case strings.HasPrefix(first, "windows.old") && (len(dirs) < 2 || dirs[1] != "windows" && !programFiles(dirs[1])):
		return UserWritable, "It runs from what an upgrade kept of users' files."
	case under(servicingFolders):
		return ServicingCopy, "It runs from a folder in which Windows keeps copies for servicing and upgrades."
	case under(writableFolders):
		return UserWritable, "It runs from a folder inside Windows that users can write to."
	case first == "windows" && p.Kind == cmdline.Local && p.Drive != "c:":
		return UserWritable, "A folder Windows on drive " + p.Drive + " is an ordinary one, unless Windows is installed there."
	case first == "windows":
		return OtherProtected, "It runs from the Windows directory, but not from its own place."
	case programFiles(first) && p.Kind == cmdline.Local && p.Drive != "c:":
		return UserWritable, "Program Files on drive " + p.Drive + " is an ordinary folder, which Windows does not protect."
	case programFiles(first) && len(dirs) > 1:
		return VendorCopy, "It runs from another product's folder below Program Files."
	case programFiles(first) || under(protectedFolders):
		return OtherProtected, "It runs from a folder that only administrators can write to."
	case p.Kind == cmdline.Local && p.Drive != "c:":
		return UserWritable, "It runs from drive " + p.Drive + ", a data, removable or mounted drive that users can write to by default."
	}
	return UserWritable, "It runs from a folder that users can write to by default."
}

func programFiles(dir string) bool {
	return dir == "program files" || dir == "program files (x86)" || dir == "program files (arm)"
}

var protectedRoots = []string{"windows", "program files", "program files (x86)"}

var servicingFolders = []string{
	`windows\winsxs`, `windows\servicing`, `windows\softwaredistribution`, `windows\systemtemp`, `windows\uus`, `windows\cbstemp`,
	`$windows.~bt`, `$windows.~ws`, `$winreagent`, `windows.old`, `windows.old.000`,
}

// writableFolders of the Windows directory: users may create files in them on
// a default installation, which is why application control policies that
// trust the whole directory fail.
var writableFolders = []string{
	`windows\temp`, `windows\tasks`, `windows\tracing`, `windows\debug`, `windows\pla`, `windows\registration\crmlog`,
	`windows\performance\winsat`, `windows\serviceprofiles`, `windows\security\logs`,
	`windows\system32\tasks`, `windows\system32\tasks_migrated`, `windows\system32\fxstmp`, `windows\system32\com\dmp`,
	`windows\system32\spool\drivers\color`, `windows\system32\spool\printers`, `windows\system32\spool\servers`,
	`windows\system32\microsoft\crypto\rsa\machinekeys`, `windows\system32\logfiles\wmi`, `windows\system32\catroot2`,
	`windows\system32\drivers\driverdata`, `windows\system32\config\systemprofile\appdata\local\temp`,
	`windows\syswow64\tasks`, `windows\syswow64\fxstmp`, `windows\syswow64\com\dmp`,
}

// protectedFolders outside the Windows directory and Program Files. Any other
// folder at the top of a drive inherits that authenticated users may write.
var protectedFolders = []string{"boot", "efi", "recovery", "system volume information", "inetpub", "msocache", "config.msi", `programdata\microsoft\windows defender`}
