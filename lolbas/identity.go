package lolbas

import (
	"cmp"
	"slices"
	"strings"

	"reeve/cmdline"
)

// IdentityValue says whether a file is the entry it seems to be.
type IdentityValue string

// The values. The names in JSON are stable.
const (
	Genuine         IdentityValue = "genuine"    // it is that program, under a name of its own
	Renamed         IdentityValue = "renamed"    // it is a listed program under another name
	Masquerade      IdentityValue = "masquerade" // it has a listed name and is another program
	SameName        IdentityValue = "same_name"  // it has a listed name that other software uses too
	UnknownIdentity IdentityValue = "unknown"    // the record does not prove anything
)

// Evidence is what a record says about a file. Every field may be empty; "-"
// and "?" count as empty. Signer is the name in a signature that was found
// valid, and nothing else.
type Evidence struct {
	Base             string // file name
	OriginalFileName string
	Product          string
	Company          string
	Description      string
	Signer           string
	SHA256           string // hexadecimal
	Path             string // full path, if known
}

// Identity is the answer to "is it really that program?".
type Identity struct {
	Value IdentityValue
	Entry *Entry // the entry it is or pretends to be; nil when no entry is concerned
	Says  string // one sentence with the reason
}

// facts are what real builds of one file name carry; originals in lower case
// and without ".mui".
type facts struct {
	originals, products, companies, signers, descriptions []string
}

type knownHash struct{ sum, name string }

// KnownHash returns the file name, in lower case, of the verified Microsoft
// build with a SHA-256 hash. Most builds are not in the collection: an
// unknown hash says nothing.
func KnownHash(sha256 string) (name string, ok bool) {
	i, ok := slices.BinarySearchFunc(verified, strings.ToLower(sha256), func(k knownHash, sum string) int { return cmp.Compare(k.sum, sum) })
	if !ok {
		return "", false
	}
	return verified[i].name, true
}

// ByOriginalFileName returns the entries whose version resource carries an
// original file name, under whatever name they run. Names that the resources
// of other software carry too prove nothing and return no entry.
func ByOriginalFileName(name string) []*Entry {
	if name = original(name); name == "" || slices.Contains(sharedOriginals, name) {
		return nil
	}
	return slices.Clone(byOriginal[name])
}

// Identify weighs what a record says about a file. A hash of a known build
// decides; then the original file name, which survives renaming, against the
// name; a company or signer that contradicts it; and last the description,
// which older sources have in place of the original file name. Version
// resources can be forged, so "genuine" without a hash means: nothing
// contradicts it.
func Identify(e Evidence) Identity {
	base := strings.ToLower(cmp.Or(field(e.Base), cmdline.ParsePath(e.Path).Base))
	var named *Entry
	if all := ByName(base); len(all) > 0 {
		if named = all[0]; !strings.Contains(base, ".") {
			base += ".exe"
		}
	}
	if name, ok := KnownHash(field(e.SHA256)); ok {
		if all := byName[name]; len(all) > 0 {
			if slices.Contains(all[0].names(), base) || slices.Contains(accepted(all[0]), base) {
				return Identity{Genuine, all[0], "Its hash is that of a known build of " + all[0].Name + "."}
			}
			return Identity{Renamed, all[0], "Its hash is that of a known build of " + all[0].Name + ", and it runs as " + base + "."}
		}
	}
	if named == nil {
		return identifyStranger(e, base)
	}
	return identifyNamed(e, base, named)
}

// identifyNamed weighs a file that has the name of an entry.
func identifyNamed(e Evidence, base string, named *Entry) Identity {
	ofn := original(e.OriginalFileName)
	if who := foreign(e); who != "" {
		return contradicted(e, base, named, "It is called "+base+" and says it is made by "+sentenceEnd(who))
	}
	switch {
	case ofn == "":
		return identifyWithoutOriginal(e, base, named)
	case slices.Contains(accepted(named), ofn):
		if slices.Contains(genericNames, base) && !corroborated(e, named) {
			return Identity{SameName, named, "It has the name of " + named.Name + ", which other software uses too, and nothing else in the record speaks for it."}
		}
		return Identity{Genuine, named, "Its original file name is that of " + named.Name + " and nothing contradicts it."}
	}
	if others := ByOriginalFileName(ofn); len(others) > 0 {
		return Identity{Renamed, others[0], "It is " + others[0].Name + " by its original file name, and runs under the name of another listed program, " + base + "."}
	}
	if describes(e, named) {
		return Identity{Genuine, named, "Its description and product are those of " + named.Name + ", though its original file name is " + ofn + "."}
	}
	return contradicted(e, base, named, "It is called "+base+", but its original file name is "+ofn+".")
}

// identifyWithoutOriginal weighs a file whose record has no original file
// name: few programs carry none, old sources do not report it.
func identifyWithoutOriginal(e Evidence, base string, named *Entry) Identity {
	switch {
	case named.Kind == Script:
		return Identity{UnknownIdentity, named, "A script carries no version resource; only its hash could tell."}
	case describes(e, named):
		return Identity{Genuine, named, "Its description and product are those of " + named.Name + "; the record has no original file name."}
	case field(e.Signer) != "" && !slices.Contains(genericNames, base):
		return Identity{Genuine, named, "It is signed by " + field(e.Signer) + " and nothing contradicts its name; the record has no original file name."}
	case slices.Contains(genericNames, base) && !corroborated(e, named):
		return Identity{SameName, named, "It has the name of " + named.Name + ", which other software uses too, and nothing in the record proves which it is."}
	}
	return Identity{UnknownIdentity, named, "The record has no original file name, signer or known hash to prove that it is " + named.Name + "."}
}

// identifyStranger weighs a file that has no entry's name.
func identifyStranger(e Evidence, base string) Identity {
	ofn := original(e.OriginalFileName)
	if ofn == "" {
		if entry := byDescription(e); entry != nil {
			return Identity{Renamed, entry, "Its description and product are those of " + entry.Name + ", and it runs as " + base + "."}
		}
		return Identity{UnknownIdentity, nil, "Its name is no listed one, and the record has no original file name that could tell more."}
	}
	candidates := byOriginal[ofn]
	if len(candidates) == 0 {
		return Identity{UnknownIdentity, nil, "Neither its name nor its original file name is that of a listed program."}
	}
	entry := candidates[0]
	switch {
	case slices.Contains(accepted(entry), base):
		return Identity{Genuine, entry, "It is " + entry.Name + " under a name that Microsoft gives it as well."}
	case foreign(e) != "":
		return Identity{SameName, entry, "Its original file name is that of " + entry.Name + ", but it says it is made by " + sentenceEnd(foreign(e))}
	case slices.Contains(sharedOriginals, ofn) && !corroborated(e, entry):
		return Identity{UnknownIdentity, nil, "Its original file name " + ofn + " is one that other software carries too."}
	}
	return Identity{Renamed, entry, "It is " + entry.Name + " by its original file name, and runs as " + base + "."}
}

// contradicted decides between a collision of names and a masquerade: other
// makers do use common names, and do keep a file of any name in their own
// product's folder.
func contradicted(e Evidence, base string, named *Entry, says string) Identity {
	if slices.Contains(genericNames, base) || foreign(e) != "" && Locate(named, e.Path).Class == VendorCopy {
		return Identity{SameName, named, says + " Other software uses this name too."}
	}
	return Identity{Masquerade, named, says}
}

// foreign returns the maker or signer when the record names one that is not
// Microsoft.
func foreign(e Evidence) string {
	for _, who := range []string{field(e.Signer), field(e.Company)} {
		if who != "" && !microsoft(who) {
			return who
		}
	}
	return ""
}

// sentenceEnd ends a sentence with a name, which may bring its own full stop: "Example, Inc."
func sentenceEnd(name string) string { return strings.TrimSuffix(name, ".") + "." }

// microsoft says whether a company or signer is Microsoft: the spellings of
// its builds are "Microsoft", "Microsoft Corporation", "Microsoft Windows",
// "Microsoft Windows Kits Publisher" and, once, the product's name.
func microsoft(who string) bool {
	who = strings.ToLower(who)
	who = strings.TrimLeft(strings.TrimPrefix(who, "(c)"), "© ")
	rest, found := strings.CutPrefix(who, "microsoft")
	return found && (rest == "" || rest[0] == ' ' || rest[0] == '(') || strings.HasPrefix(who, "sysinternals")
}

// corroborated says whether something besides names speaks for an entry:
// signer, product, or the place it runs from.
func corroborated(e Evidence, entry *Entry) bool {
	if field(e.Signer) != "" && microsoft(field(e.Signer)) || knownProduct(e, entry) {
		return true
	}
	at := Locate(entry, e.Path).Class
	return (at == Listed || at == ListedForm) && field(e.Company) != ""
}

func knownProduct(e Evidence, entry *Entry) bool {
	return contains(builds[strings.ToLower(entry.Name)].products, field(e.Product)) && field(e.Company) != ""
}

// describes says whether description and product are those of an entry's
// builds. Both come from the same resource as the original file name; the
// description may be translated, so a mismatch says nothing.
func describes(e Evidence, entry *Entry) bool {
	return contains(builds[strings.ToLower(entry.Name)].descriptions, field(e.Description)) && knownProduct(e, entry)
}

// byDescription returns the only entry whose builds have the description and
// product.
func byDescription(e Evidence) *Entry {
	if field(e.Description) == "" || foreign(e) != "" {
		return nil
	}
	var found *Entry
	for i := range entries {
		if !describes(e, &entries[i]) {
			continue
		}
		if found != nil {
			return nil
		}
		found = &entries[i]
	}
	return found
}

// contains compares product names and descriptions without regard to case,
// and to the signs of registration that some builds have and loggers garble.
func contains(list []string, s string) bool {
	s = plain(s)
	return s != "" && slices.ContainsFunc(list, func(known string) bool { return plain(known) == s })
}

func plain(s string) string {
	s = strings.NewReplacer("(r)", "", "(tm)", "", "®", "", "™", "", "\ufffd", "").Replace(strings.ToLower(s))
	return strings.Join(strings.Fields(s), " ")
}

// field cleans one value of a record: quotes, carriage returns, and the signs
// by which sources say that there is none.
func field(s string) string {
	s = strings.Trim(s, " \t\r\n\"")
	switch strings.ToLower(s) {
	case "-", "?", "unknown", "n/a", "null":
		return ""
	}
	return s
}

// original cleans an original file name: resources read through MUI have
// ".MUI" behind it.
func original(s string) string {
	return strings.TrimSuffix(strings.ToLower(field(s)), ".mui")
}

// accepted returns the original file names of an entry, in lower case.
func accepted(e *Entry) []string {
	all := e.names()
	for _, name := range e.names() {
		all = append(all, builds[name].originals...)
	}
	return append(all, moreOriginals[all[0]]...)
}

// byOriginal finds entries by original file name; scripts have none.
var byOriginal = func() map[string][]*Entry {
	all := map[string][]*Entry{}
	for i := range entries {
		if e := &entries[i]; e.Kind != Script {
			for _, name := range accepted(e) {
				if !slices.Contains(all[name], e) {
					all[name] = append(all[name], e)
				}
			}
		}
	}
	return all
}()

// moreOriginals are original file names of builds that are not in the
// collection, and names of files that carry the entry's own.
var moreOriginals = map[string][]string{
	"conhost.exe":  {"conhostv1.dll", "conhostv2.dll"},
	"wsl.exe":      {"wsl"},
	"squirrel.exe": {"update.exe", "squirrelsetup.exe"},
	"update.exe":   {"squirrel.exe"},
}

// sharedOriginals occur in the resources of other software: build leftovers,
// plain words, and frameworks that applications carry under their own name.
var sharedOriginals = []string{
	".net host", "fx_ver_internalname_str", "electron.exe", "update.exe", "squirrel.exe", "squirrelsetup.exe", "write", "expand", "wsl",
	"print.exe", "replace.exe", "change.exe", "query.exe", "reset.exe", "remote.exe", "logger.exe", "te.exe", "tracker.exe", "code.exe", "teams.exe",
	"applauncher.exe", "mpiexec.exe", "setupapi.dll", "winfile.exe", "wfc.exe",
}

// genericNames are file names that other software uses too.
var genericNames = []string{
	"update.exe", "squirrel.exe", "teams.exe", "change.exe", "query.exe", "reset.exe", "remote.exe", "logger.exe", "te.exe", "tracker.exe",
	"print.exe", "replace.exe", "code.exe", "dump64.exe", "wfc.exe", "bash.exe", "tar.exe", "ssh.exe", "scp.exe", "sftp.exe", "ftp.exe", "finger.exe",
	"at.exe", "write.exe", "expand.exe", "applauncher.exe", "mpiexec.exe", "winfile.exe", "bcp.exe", "xsd.exe",
}
