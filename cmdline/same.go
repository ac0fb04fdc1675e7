package cmdline

import "slices"

// SameFile tells whether two texts name one file, however they spell it. System32 and SysWOW64 are one: Windows redirects 32-bit
// programs without telling. Bare names are the same only when they are equal to the letter, because their folders are not known.
func SameFile(a, b string) bool {
	x, y := native(ParsePath(a)), native(ParsePath(b))
	switch {
	case a == b || x.Base == "":
		return a == b && a != ""
	case x.Kind == Volume && y.Kind == Local || x.Kind == Local && y.Kind == Volume: // one states no drive letter
		return x.Base == y.Base && x.Stream == y.Stream && slices.Equal(x.Dir, y.Dir)
	}
	return x.Kind != Bare && x.String() == y.String()
}

func native(p Path) Path {
	if len(p.Dir) > 1 && p.Dir[0] == "windows" && p.Dir[1] == "syswow64" {
		p.Dir = append([]string{"windows", "system32"}, p.Dir[2:]...)
	}
	return p
}
