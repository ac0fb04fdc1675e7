package lolbas

import "reeve/cmdline"

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
