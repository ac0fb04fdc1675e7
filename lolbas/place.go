package lolbas

import (
	"strings"

	"reeve/cmdline"
)

// Place classes a path by who can write there on a default installation,
// whichever file it is: ServicingCopy, VendorCopy (anywhere below Program
// Files), OtherProtected, UserWritable, RemotePath, or NoLocation when the
// text names no folder.
func Place(path string) LocationClass {
	p := cmdline.ParsePath(path)
	switch p.Kind {
	case cmdline.Empty, cmdline.Bare, cmdline.Relative, cmdline.Device:
		return NoLocation
	case cmdline.Local, cmdline.Volume:
		class, _ := place(p)
		return class
	}
	return RemotePath
}

// Writable tells whether any user, or another machine, can have put a file
// where it lies on a default installation.
func Writable(path string) bool {
	class := Place(path)
	return class == UserWritable || class == RemotePath
}

// Protected tells whether only administrators can have put a file where it
// lies on a default installation. Of a path that says no folder neither holds.
func Protected(path string) bool {
	class := Place(path)
	return class == VendorCopy || class == OtherProtected || class == ServicingCopy
}

// InWindows tells whether a program lies in the Windows directory, where only administrators write; a record that states a bare
// name is believed.
func InWindows(path string) bool {
	switch Place(path) {
	case NoLocation:
		return !strings.ContainsAny(path, `\/`)
	case OtherProtected, ServicingCopy:
		dirs := cmdline.ParsePath(path).Dir
		return len(dirs) > 0 && dirs[0] == "windows"
	}
	return false
}
