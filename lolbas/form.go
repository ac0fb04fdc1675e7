package lolbas

import (
	"maps"
	"slices"
	"strings"

	"reeve/cmdline"
)

// form is a path with everything that varies between installations replaced
// by a placeholder: two paths of one key are the same place on different
// machines, and their values say in what they differ.
type form struct {
	key    string
	values map[string]string // by what varies: "version" -> "10.0.19041.0"
	path   string            // the listed path, as written
	known  bool              // from Entry.Known
}

// listedForms of every entry, by name.
var listedForms = func() map[string][]form {
	all := make(map[string][]form, len(entries))
	for i := range entries {
		e := &entries[i]
		for n, path := range slices.Concat(e.Paths, e.Known) {
			f := formOf(cmdline.ParsePath(path))
			f.path, f.known = path, n >= len(e.Paths)
			all[e.Name] = append(all[e.Name], f)
		}
	}
	return all
}()

// differs lists what another path of the same form has that this listed one
// has not. A placeholder of the list differs from nothing.
func (f form) differs(other form) []string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(other.values)) {
		mine, theirs := f.values[what], other.values[what]
		switch {
		case mine == theirs || strings.HasPrefix(mine, "<") || mine == "x.y.z":
		case theirs == "":
			all = append(all, "drive letter not stated")
		case mine == "":
			all = append(all, what+" "+theirs)
		default:
			all = append(all, what+" "+theirs+" instead of "+mine)
		}
	}
	for what, mine := range f.values {
		if _, ok := other.values[what]; !ok && !strings.HasPrefix(mine, "<") {
			all = append(all, "no "+what+" instead of "+mine)
		}
	}
	slices.Sort(all)
	return all
}

// formOf generalises a path on a volume of the host. Nothing below System32
// varies, apart from language folders and drivers.
func formOf(p cmdline.Path) form {
	f := form{values: map[string]string{"drive": p.Drive}}
	if strings.HasPrefix(p.Device, "harddiskvolumeshadowcopy") {
		f.values["shadow copy"] = p.Device
	}
	dirs := slices.Clone(p.Dir)
	at := func(i int) string {
		if i < len(dirs) {
			return dirs[i]
		}
		return ""
	}
	switch first := at(0); {
	case first == "windows" && at(1) == "microsoft.net":
		f.vary(dirs, 2, "framework folder", strings.HasPrefix(at(2), "framework"))
		f.vary(dirs, 3, ".NET version", version(at(3)))
	case first == "windows" && at(1) == "uus":
		f.vary(dirs, 2, "architecture", architecture(at(2)))
	case first == "windows" && at(2) == "driverstore" && at(3) == "filerepository":
		f.vary(dirs, 4, "driver package", strings.Contains(at(4), ".inf_"))
	case first == "windows" && at(1) == "winsxs":
		f.component(dirs)
	case first == "windows":
		for i := range dirs {
			f.vary(dirs, i, "language", language(dirs[i]))
		}
	case programFiles(first):
		f.vary(dirs, 0, "Program Files folder", true)
		dirs = f.product(dirs)
	case first == "programdata" && at(2) == "windows defender" && at(3) == "platform":
		f.vary(dirs, 4, "version", version(at(4)))
		if len(dirs) == 6 && architecture(dirs[5]) {
			f.values["architecture"], dirs = dirs[5], dirs[:5]
		}
	case first == "users" && at(1) != "public" && at(1) != "default":
		f.vary(dirs, 1, "user", at(1) != "")
		if at(1) != "" {
			f.values["user"] = "<username>" // whose profile it is matters nowhere
		}
		for i := 5; i < len(dirs); i++ {
			f.vary(dirs, i, "version", version(dirs[i]))
		}
	}
	f.key = strings.Join(append(dirs, p.Base), `\`)
	return f
}

// vary replaces one folder by a placeholder if the condition holds.
func (f *form) vary(dirs []string, i int, what string, holds bool) {
	if !holds || i >= len(dirs) {
		return
	}
	if f.values[what] != "" {
		f.values[what] += ", "
	}
	f.values[what] += dirs[i]
	dirs[i] = "{" + what + "}"
}

// product generalises what is below Program Files.
func (f *form) product(dirs []string) []string {
	if len(dirs) < 2 {
		return dirs
	}
	switch name := dirs[1]; {
	case name == "windowsapps" && len(dirs) > 2:
		return f.appPackage(dirs)
	case name == "windows kits" && len(dirs) > 2:
		f.vary(dirs, 2, "kit", version(dirs[2]))
		return f.sdk(dirs, 3)
	case name == "microsoft sdks" && len(dirs) > 2:
		return f.sdk(dirs, 2)
	case name == "microsoft visual studio" && len(dirs) > 3 && dirs[2] != "installer":
		f.vary(dirs, 2, "Visual Studio version", version(dirs[2]))
		f.vary(dirs, 3, "edition", slices.Contains(editions, dirs[3]))
	case strings.HasPrefix(name, "microsoft office"):
		dirs = f.office(dirs)
	}
	for i := 2; i < len(dirs); i++ {
		f.vary(dirs, i, "version", version(dirs[i]))
		if stem, number := cutVersion(dirs[i]); number != "" {
			dirs[i] = number
			f.vary(dirs, i, "version", true)
			dirs[i] = stem + dirs[i]
		}
		if i > 3 {
			f.vary(dirs, i, "architecture", architecture(dirs[i]))
		}
	}
	return dirs
}

var editions = []string{"community", "professional", "enterprise", "buildtools", "preview", "testagent", "testcontroller", "teamexplorer"}

// sdk drops version and architecture below a kit or SDK: older ones have
// neither folder, newer ones have both.
func (f *form) sdk(dirs []string, from int) []string {
	kept := slices.Clone(dirs[:from])
	for _, name := range dirs[from:] {
		switch {
		case version(name):
			f.values["version"] = name
		case architecture(name):
			f.values["architecture"] = name
		case strings.HasPrefix(name, "netfx ") && strings.HasSuffix(name, " tools"):
			f.values["tools"], name = strings.TrimSuffix(strings.TrimPrefix(name, "netfx "), " tools"), "netfx tools"
			kept = append(kept, name)
		default:
			kept = append(kept, name)
		}
	}
	return kept
}

// office reduces the layouts of click-to-run and MSI installations since 2007
// to one.
func (f *form) office(dirs []string) []string {
	kept, layout := []string{dirs[0], "{office}"}, []string{dirs[1]}
	for i, name := range dirs[2:] {
		last := i == len(dirs)-3
		switch {
		case name == "root" || strings.HasPrefix(name, "clientx"):
			layout = append(layout, name)
		case last && strings.HasPrefix(name, "office1"):
			layout = append(layout, name)
		default:
			kept = append(kept, name)
		}
	}
	f.values["Office layout"] = strings.Join(layout, `\`)
	return kept
}

// appPackage generalises a package folder of WindowsApps, whose name ends in
// the publisher's id: only Microsoft's own is the same place.
func (f *form) appPackage(dirs []string) []string {
	name, rest, found := strings.Cut(dirs[2], "_")
	if !found || !strings.HasSuffix(rest, "_8wekyb3d8bbwe") && !strings.HasPrefix(rest, "<") {
		return dirs
	}
	f.values["package"] = rest
	if strings.HasPrefix(name, "microsoft.office.desktop") {
		f.values["Office layout"] = dirs[2]
		return []string{dirs[0], "{office}"}
	}
	dirs[2] = name + "_{package}"
	return dirs
}

// component generalises a folder of the component store:
// <architecture>_<name>_<key>_<version>_<culture>_<hash>.
func (f *form) component(dirs []string) {
	if len(dirs) < 3 {
		return
	}
	parts := strings.Split(dirs[2], "_")
	if n := len(parts); n >= 6 {
		f.values["component"] = strings.Join(parts[n-3:], "_")
		f.values["architecture"] = parts[0]
		dirs[2] = strings.Join(parts[1:n-3], "_")
	}
}

func architecture(s string) bool {
	switch s {
	case "x86", "x64", "arm", "arm64", "amd64", "ia64", "os86", "os64", "osarm64":
		return true
	}
	return false
}

// version says whether a folder name is a version: 10.0.19041.0, v4.0.30319,
// v10.0a, 4.18.2008.9-0, 130, 2022, current, or a placeholder of the list.
func version(s string) bool {
	if strings.HasPrefix(s, "<version") || s == "x.y.z" || s == "current" {
		return true
	}
	s = strings.TrimPrefix(s, "v")
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
		case c == '.' || c == '-' || c == 'a' && i == len(s)-1:
		default:
			return false
		}
	}
	return digits > 0
}

// cutVersion splits a version off the end of a product's folder, as in
// "microsoft web deploy v3", "office16" and "microsoft.net.compilers.4.2.0".
func cutVersion(s string) (stem, number string) {
	for _, prefix := range []string{"microsoft web deploy ", "microsoft network monitor ", "office", "microsoft.net.compilers."} {
		if number, found := strings.CutPrefix(s, prefix); found && version(number) {
			return prefix, number
		}
	}
	return s, ""
}

// language says whether a folder name is a language tag: en-us, sr-latn-rs.
func language(s string) bool {
	primary, rest, found := strings.Cut(s, "-")
	if !found || len(primary) < 2 || len(primary) > 3 || len(rest) < 2 || len(rest) > 8 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return true
}
