package cmdline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// paths are spellings and the canonical form they share; a leading "?" marks
// forms that are uncertain.
var paths = [][2]string{
	{``, ``},
	{`  `, ``},
	{`C:\Windows\System32\cmd.exe`, `c:\windows\system32\cmd.exe`},
	{`"C:\Windows\System32\cmd.exe"`, `c:\windows\system32\cmd.exe`},
	{`c:/windows//system32\\CMD.EXE`, `c:\windows\system32\cmd.exe`},
	{`C:\Windows\System32\cmd.exe. .`, `c:\windows\system32\cmd.exe`},
	{"C:\\Windows\\System32\\cmd.exe\x00junk", `c:\windows\system32\cmd.exe`},
	{`C:\Windows\x\..\.\System32\cmd.exe`, `c:\windows\system32\cmd.exe`},
	{`C:\..\..\Windows\cmd.exe`, `c:\windows\cmd.exe`},
	{`C:\Windows.\cmd.exe`, `c:\windows\cmd.exe`},
	{`C:\Windows \System32\cmd.exe`, `c:\windows \system32\cmd.exe`},
	{`\\?\C:\Windows\cmd.exe`, `c:\windows\cmd.exe`},
	{`\??\C:\Windows\cmd.exe`, `c:\windows\cmd.exe`},
	{`\\.\C:\Windows\cmd.exe`, `c:\windows\cmd.exe`},
	{`\DosDevices\C:\Windows\cmd.exe`, `c:\windows\cmd.exe`},
	{`\\?\UNC\host\share\a\b.exe`, `\\host\share\a\b.exe`},
	{`\??\UNC\host\share\b.exe`, `\\host\share\b.exe`},
	{`\SystemRoot\System32\smss.exe`, `\windows\system32\smss.exe`},
	{`%SystemRoot%\System32\smss.exe`, `\windows\system32\smss.exe`},
	{`%windir%\Sysnative\cmd.exe`, `\windows\system32\cmd.exe`},
	{`%ComSpec%`, `\windows\system32\cmd.exe`},
	{`%SystemDrive%\x.exe`, `\x.exe`},
	{`%ProgramFiles(x86)%\a\b.exe`, `\program files (x86)\a\b.exe`},
	{`?%TEMP%\b.exe`, `\users\%username%\appdata\local\temp\b.exe`},
	{`?%homedrive%%homepath%\b.exe`, `\users\%username%\b.exe`},
	{`%unknown%\b.exe`, `.\%unknown%\b.exe`},
	{`\Device\HarddiskVolume3\Windows\System32\cmd.exe`, `\device\harddiskvolume3\windows\system32\cmd.exe`},
	{`\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\Windows\x.exe`, `\device\harddiskvolumeshadowcopy1\windows\x.exe`},
	{`\\?\Volume{0b4c}\x.exe`, `\device\volume{0b4c}\x.exe`},
	{`\Device\Harddisk1\Partition2\x.exe`, `\device\harddisk1partition2\x.exe`},
	{`\Device\Mup\host\share\x.exe`, `\\host\share\x.exe`},
	{`\Device\Mup\;LanmanRedirector\;Z:0000000000012345\host\share\x.exe`, `\\host\share\x.exe`},
	{`\Device\Mup\;RdpDr\;:1\tsclient\C\x.exe`, `\\tsclient\c\x.exe`},
	{`\\tsclient\C\tools\x.exe`, `\\tsclient\c\tools\x.exe`},
	{`\\host@SSL@443\DavWWWRoot\a\x.exe`, `\\host@ssl@443\davwwwroot\a\x.exe`},
	{`\Device\WebDavRedirector\;W:0\host@8080\DavWWWRoot\x.exe`, `\\host@8080\davwwwroot\x.exe`},
	{`\Device\CdRom0\setup.exe`, `\device\cdrom0\setup.exe`},
	{`\Device\Floppy0\a.com`, `\device\floppy0\a.com`},
	{`\\.\pipe\evil`, `\device\pipe\evil`},
	{`\Device\NamedPipe\x`, `\device\namedpipe\x`},
	{`D:\x.exe`, `d:\x.exe`},
	{`C:\dir\file.txt:evil.exe`, `c:\dir\file.txt:evil.exe`},
	{`C:\dir\file.txt:evil.exe:$DATA`, `c:\dir\file.txt:evil.exe`},
	{`C:\dir::$INDEX_ALLOCATION\x.exe`, `c:\dir\x.exe`},
	{`C:\x.exe::$DATA`, `c:\x.exe`},
	{`?C:\PROGRA~1\a\b.exe`, `c:\program files\a\b.exe`},
	{`?C:\PROGRA~2\COMMON~1\b.exe`, `c:\program files (x86)\common files\b.exe`},
	{`?C:\Users\ADMINI~1\x.exe`, `c:\users\admini~1\x.exe`},
	{`?C:\a\MFTRAC~1.EXE`, `c:\a\mftrac~1.exe`},
	{`C:\$WINDOWS.~BT\x.exe`, `c:\$windows.~bt\x.exe`},
	{`C:\Users\All Users\a\x.exe`, `c:\programdata\a\x.exe`},
	{`C:\Documents and Settings\bob\Local Settings\Temp\x.exe`, `c:\users\bob\appdata\local\temp\x.exe`},
	{`C:\Documents and Settings\All Users\Application Data\x.exe`, `c:\programdata\x.exe`},
	{`?C:\DOCUME~1\bob\x.exe`, `c:\users\bob\x.exe`},
	{`cmd.exe`, `cmd.exe`},
	{`.\cmd.exe`, `.\cmd.exe`},
	{`a\b.exe`, `.\a\b.exe`},
	{`..\b.exe`, `..\b.exe`},
	{`\b.exe`, `\b.exe`},
	{`C:b.exe`, `c:b.exe`},
	{`file.txt:evil.dll`, `file.txt:evil.dll`},
	{`https://Example.test:8443/a/B.HTA?x=1#y`, `https://example.test:8443/a/b.hta`},
	{`file:///C:/a/b.exe`, `c:\a\b.exe`},
	{`file://host/share/b.exe`, `\\host\share\b.exe`},
}

func TestPathsComeToOneForm(t *testing.T) {
	for _, row := range paths {
		in, uncertain := strings.CutPrefix(row[0], "?")
		p := ParsePath(in)
		if p.String() != row[1] || p.Uncertain != uncertain {
			t.Errorf("%s gives %s (uncertain %v), want %s (%v)", in, p, p.Uncertain, row[1], uncertain)
		}
	}
}

func TestPathParts(t *testing.T) {
	parts := func(in string, want Path) {
		t.Helper()
		want.Display = in
		if diff := cmp.Diff(want, ParsePath(in)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", in, diff)
		}
	}
	parts(`C:\Dir\A.Txt:Evil.exe`, Path{Kind: Local, Drive: "c:", Dir: []string{"dir"}, Base: "a.txt", Ext: ".txt", Stream: "evil.exe"})
	parts(`\\Host@SSL@443\DavWWWRoot\x`, Path{Kind: Remote, Host: "host", Port: "@ssl@443", Share: "davwwwroot", Dir: []string{}, Base: "x"})
	parts(`\\tsclient\C\x.exe`, Path{Kind: TSClient, Host: "tsclient", Share: "c", Dir: []string{}, Base: "x.exe", Ext: ".exe"})
	parts(`\Device\HarddiskVolume3\a\x.exe`, Path{Kind: Volume, Device: "harddiskvolume3", Dir: []string{"a"}, Base: "x.exe", Ext: ".exe"})
	parts(`\Device\CdRom0\x.exe`, Path{Kind: CDROM, Device: "cdrom0", Dir: []string{}, Base: "x.exe", Ext: ".exe"})
	parts(`x.exe`, Path{Kind: Bare, Dir: []string{}, Base: "x.exe", Ext: ".exe"})
	parts(`http://h/a/b.sct`, Path{Kind: URL, Scheme: "http", Host: "h", Dir: []string{"a"}, Base: "b.sct", Ext: ".sct"})
	parts(`\\host`, Path{Kind: Remote, Host: "host"})
	for in, dav := range map[string]bool{`\\h@80\x\y`: true, `\\h\DavWWWRoot\y`: true, `\\h\x\y`: false, `C:\davwwwroot\y`: false} {
		if ParsePath(in).WebDAV() != dav {
			t.Errorf("WebDAV of %s must be %v", in, dav)
		}
	}
}

func TestJoinResolvesAgainstTheCurrentDirectory(t *testing.T) {
	join := func(dir, name, want string) {
		t.Helper()
		if got := Join(dir, name); got.String() != want || got.Display != strings.Trim(name, `"`) {
			t.Errorf("%s in %s gives %s (%s), want %s", name, dir, got, got.Display, want)
		}
	}
	join(`C:\Users\bob\`, `x.exe`, `c:\users\bob\x.exe`)
	join(`C:\Users\bob`, `.\x.exe`, `c:\users\bob\x.exe`)
	join(`C:\Users\bob`, `..\eve\x.exe`, `c:\users\eve\x.exe`)
	join(`D:\work`, `\x.exe`, `d:\x.exe`)
	join(`D:\work`, `%windir%\x.exe`, `\windows\x.exe`)
	join(`D:\work`, `\SystemRoot\x.exe`, `\windows\x.exe`)
	join(`D:\work`, `C:\x.exe`, `c:\x.exe`)
	join(`D:\work`, `\\h\s\x.exe`, `\\h\s\x.exe`)
	join(`D:\work`, `D:x.exe`, `d:\work\x.exe`)
	join(`D:\work`, `E:x.exe`, `e:\x.exe`)
	join(`\\h\s\work`, `x.exe`, `\\h\s\work\x.exe`)
	join(`\Device\HarddiskVolume2\a`, `x.exe:y.dll`, `\device\harddiskvolume2\a\x.exe:y.dll`)
	join(``, `x.exe`, `x.exe`)
	if !Join(`D:\work`, `E:x.exe`).Uncertain || !Join(`%temp%`, `x.exe`).Uncertain {
		t.Error("a guessed directory must be marked")
	}
}

// settles checks that the canonical form is a fixed point.
func settles(s string) bool {
	once := ParsePath(s).String()
	return ParsePath(once).String() == once
}

func TestCanonicalFormIsAFixedPoint(t *testing.T) {
	for _, row := range paths {
		if in := strings.TrimPrefix(row[0], "?"); !settles(in) {
			t.Errorf("%s gives %s, and that gives %s", in, ParsePath(in), ParsePath(ParsePath(in).String()))
		}
	}
	piece := rapid.SampledFrom([]string{
		`\`, `\\`, `/`, `C:`, `:`, `.`, `..`, ` `, `a`, `Windows`, `Users`, `all users`, `PROGRA~1`, `x.exe`, `\\?\`, `\??\`, `\\.\`, `UNC\`,
		`\Device\`, `Mup\`, `;`, `CdRom0`, `HarddiskVolume3`, `tsclient`, `@ssl@443`, `%windir%`, `%temp%`, `http://`, `file://`, `"`, "\x00", "\xff", `sysnative`,
		`GLOBALROOT`, `Volume{1}`, `local settings`, `application data`, `documents and settings`,
	})
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(piece, 0, 9).Draw(t, "pieces"), "")
		if !settles(in) {
			t.Fatalf("%q gives %q, and that gives %q", in, ParsePath(in), ParsePath(ParsePath(in).String()))
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, row := range paths {
		f.Add(row[0], row[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !settles(a) {
			t.Fatalf("%q gives %q, and that gives %q", a, ParsePath(a), ParsePath(ParsePath(a).String()))
		}
		if p := Join(a, b); len(p.String()) > 3*(len(a)+len(b))+80 {
			t.Fatalf("joining made %q", p)
		}
	})
}

func BenchmarkParsePath(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParsePath(`C:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe`)
	}
}
