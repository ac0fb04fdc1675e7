package lolbas

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryListedPathIsListed(t *testing.T) {
	n := 0
	for name, paths := range listedPaths(t) {
		for _, path := range paths {
			n++
			want := Listed
			switch file := strings.ToLower(path[strings.LastIndexByte(path, '\\')+1:]); {
			case name == "WFMFormat.exe":
				want = NoList // the path says that there is none
			case !strings.HasPrefix(path[1:], `:\`):
				want = NoLocation // "no default"
			case file != strings.ToLower(name):
				want = OtherProtected // the source lists another file
				if name == "SQLToolsPS.exe" {
					want = VendorCopy
				}
			}
			if got := Locate(entry(t, name), path); got.Class != want || want == Listed && got.Matched == "" {
				t.Errorf("%s: %s is %s (%s), want %s", name, path, got.Class, got.Says, want)
			}
		}
	}
	if n != 763 {
		t.Errorf("%d paths", n)
	}
	t.Logf("%d cases", n)
}

func TestListedPathsElsewhereAreTheSameForm(t *testing.T) {
	for _, e := range Entries() {
		for _, path := range e.Paths {
			for _, other := range []string{"D" + path[1:], `\Device\HarddiskVolume4` + path[2:]} {
				if got := Locate(&e, other); got.Class != ListedForm || got.Differs == "" {
					t.Errorf("%s: %s is %s (%s)", e.Name, other, got.Class, got.Differs)
				}
			}
			if got := Locate(&e, `\\host\c$`+path[2:]); got.Class != RemotePath || got.Detail != "share" {
				t.Errorf("%s over the network is %s", e.Name, got.Class)
			}
			if got := Locate(&e, path+":evil.exe").Class; got == Listed || got == ListedForm {
				t.Errorf("a stream of %s is %s", path, got)
			}
			if got := Locate(&e, `\\?\`+strings.ToUpper(path)).Class; got != Listed {
				t.Errorf("%s in capitals with a prefix is %s", path, got)
			}
		}
	}
}

// located are paths with the class they must have; "name" is taken from the
// path unless a name and a colon stand before it.
var located = []struct {
	path string
	want LocationClass
	says string // a part of Differs, Detail or Says
}{
	// mftrace: kits, SDKs and look-alikes.
	{`C:\Program Files (x86)\Windows Kits\10\bin\10.0.16299.0\x64\mftrace.exe`, Listed, ``},
	{`C:\Program Files (x86)\Windows Kits\10\bin\10.0.26100.0\x64\mftrace.exe`, ListedForm, `version 10.0.26100.0 instead of 10.0.16299.0`},
	{`C:\Program Files (x86)\Windows Kits\10\bin\10.0.19041.0\arm64\mftrace.exe`, ListedForm, `architecture arm64`},
	{`C:\Program Files (x86)\Windows Kits\8.1\bin\x64\mftrace.exe`, ListedForm, `kit 8.1 instead of 10`},
	{`C:\Program Files (x86)\Windows Kits\8.0\bin\x86\mftrace.exe`, ListedForm, `kit 8.0`},
	{`C:\Program Files\Windows Kits\10\bin\10.0.17763.0\x86\mftrace.exe`, ListedForm, `Program Files folder program files instead of program files (x86)`},
	{`D:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe`, ListedForm, `drive d: instead of c:`},
	{`C:\Program Files\Microsoft SDKs\Windows\v7.1\Bin\x64\mftrace.exe`, ListedForm, `LOLBAS omits`},
	{`C:\Program Files\Microsoft SDKs\Windows\v7.1\Bin\mftrace.exe`, ListedForm, `LOLBAS omits`},
	{`C:\PROGRA~2\Windows Kits\10\bin\x64\mftrace.exe`, ListedForm, `8.3`},
	{`C:\Program Files (x86)\Windows Kits\10\bin\x64\..\x64\mftrace.exe`, Listed, ``},
	{`C:\Windows\System32\mftrace.exe`, OtherProtected, `belongs in C:\Program Files (x86)\Windows Kits`},
	{`C:\Windows\SysWOW64\mftrace.exe`, OtherProtected, `belongs in`},
	{`C:\Program Files\Evil\mftrace.exe`, VendorCopy, `another product`},
	{`C:\Program Files (x86)\Windows Kits\10\mftrace.exe`, VendorCopy, ``},
	{`C:\Program Files (x86)\Windows Kits\10\bin\evil\x64\mftrace.exe`, VendorCopy, ``},
	{`C:\Program Files\mftrace.exe`, OtherProtected, ``},
	{`D:\Program Files\Evil\mftrace.exe`, UserWritable, `drive d:`},
	{`C:\Users\Public\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe`, UserWritable, ``},
	{`C:\Program Files (x86) \Windows Kits\10\bin\x64\mftrace.exe`, UserWritable, `only looks like`},
	{`C:\Temp\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe`, UserWritable, ``},
	{`C:\Users\bob\Downloads\mftrace.exe`, UserWritable, ``},
	{`C:\ProgramData\mftrace.exe`, UserWritable, ``},
	{`C:\mftrace.exe`, UserWritable, `top of a drive`},
	{`C:\Tools\mftrace.exe`, UserWritable, ``},
	{`C:\$Recycle.Bin\S-1-5-21-1\mftrace.exe`, UserWritable, ``},
	{`C:\Recovery\mftrace.exe`, OtherProtected, ``},
	{`E:\mftrace.exe`, UserWritable, `top of a drive`},
	{`E:\tools\mftrace.exe`, UserWritable, `drive e:`},
	{`mftrace.exe`, NoLocation, ``},
	{`.\bin\mftrace.exe`, NoLocation, ``},
	{`mftrace.exe|`, NoLocation, ``},
	{`\\tsclient\C\mftrace.exe`, RemotePath, `tsclient`},
	{`\\10.0.0.5\share\mftrace.exe`, RemotePath, `share`},
	{`\\evil.test@SSL@443\DavWWWRoot\mftrace.exe`, RemotePath, `webdav`},
	{`\Device\CdRom0\mftrace.exe`, RemotePath, `cd_image`},
	{`\Device\Floppy0\mftrace.exe`, RemotePath, `removable`},
	{`https://evil.test/mftrace.exe`, RemotePath, `url`},
	{`\\.\pipe\mftrace.exe`, NoLocation, ``},
	// The Windows directory.
	{`%windir%\System32\certutil.exe`, ListedForm, `drive letter not stated`},
	{`\SystemRoot\System32\certutil.exe`, ListedForm, `drive letter not stated`},
	{`C:\Windows\Sysnative\certutil.exe`, Listed, ``},
	{`C:\Windows\SysArm32\certutil.exe`, ListedForm, `sysarm32 instead of System32`},
	{`C:\Windows\SysWOW64\fltMC.exe`, ListedForm, `syswow64 instead of System32`},
	{`D:\Windows\SysWOW64\certutil.exe`, ListedForm, `drive d:`},
	{`C:\Windows\explorer.exe`, Listed, ``},
	{`C:\Windows\System32\explorer.exe`, OtherProtected, `belongs in C:\Windows`},
	{`C:\Windows\System32\hh.exe`, OtherProtected, ``},
	{`C:\Windows\certutil.exe`, OtherProtected, ``},
	{`C:\Windows\System32\x64\certutil.exe`, OtherProtected, ``},
	{`C:\Windows \System32\ComputerDefaults.exe`, UserWritable, `only looks like`},
	{`C:\Windows\Temp\certutil.exe`, UserWritable, `inside Windows`},
	{`C:\Windows\Tasks\certutil.exe`, UserWritable, `inside Windows`},
	{`C:\Windows\tracing\certutil.exe`, UserWritable, `inside Windows`},
	{`C:\Windows\System32\Tasks\certutil.exe`, UserWritable, `inside Windows`},
	{`C:\Windows\System32\spool\drivers\color\certutil.exe`, UserWritable, `inside Windows`},
	{`C:\Windows\TasksX\certutil.exe`, OtherProtected, ``},
	{`C:\Windows\WinSxS\amd64_microsoft-windows-certutil_31bf3856ad364e35_10.0.19041.1_none_0123456789abcdef\certutil.exe`, ServicingCopy, ``},
	{`C:\Windows\SoftwareDistribution\Download\x\certutil.exe`, ServicingCopy, ``},
	{`C:\$WINDOWS.~BT\Sources\certutil.exe`, ServicingCopy, ``},
	{`C:\Windows.old\Windows\System32\certutil.exe`, ServicingCopy, ``},
	{`C:\Windows\WinSxS\amd64_microsoft-windows-u..ed-telemetry-client_31bf3856ad364e35_10.0.17134.1_none_0123456789abcdef\Runscripthelper.exe`, ListedForm, `component`},
	{`C:\Windows\UUS\arm64\wuauclt.exe`, ListedForm, `architecture arm64`},
	{`C:\Windows\System32\Printing_Admin_Scripts\de-DE\pubprn.vbs`, ListedForm, `language de-de`},
	{`C:\Windows\System32\DriverStore\FileRepository\iigd_dch.inf_amd64_0123456789abcdef\GfxDownloadWrapper.exe`, ListedForm, `driver package`},
	{`C:\WINDOWS\system32\WindowsPowerShell\v1.0\PowerShell.exe`, Listed, ``},
	// .NET, Visual Studio, Office, packages.
	{`C:\Windows\Microsoft.NET\FrameworkArm64\v4.0.30319\msbuild.exe`, ListedForm, `framework folder frameworkarm64`},
	{`C:\Windows\Microsoft.NET\Framework\v4.8.9999\msbuild.exe`, ListedForm, `.NET version`},
	{`C:\Windows\Microsoft.NET\Framework\evil\msbuild.exe`, OtherProtected, ``},
	{`C:\Program Files\Microsoft Visual Studio\2022\Enterprise\MSBuild\Current\Bin\MSBuild.exe`, ListedForm, `edition enterprise`},
	{`C:\Program Files\Microsoft Visual Studio\18\Professional\Common7\IDE\VSLaunchBrowser.exe`, ListedForm, `edition professional`},
	{`C:\Program Files (x86)\Microsoft Visual Studio\2019\BuildTools\MSBuild\Current\Bin\Roslyn\csi.exe`, ListedForm, `edition buildtools`},
	{`C:\Program Files (x86)\Microsoft SDKs\Windows\v10.0A\bin\NETFX 4.7.2 Tools\xsd.exe`, Listed, ``},
	{`C:\Program Files (x86)\Microsoft SDKs\Windows\v8.1A\bin\NETFX 4.5.1 Tools\x64\wfc.exe`, ListedForm, `tools 4.5.1`},
	{`C:\Program Files (x86)\Windows Kits\10\Debuggers\arm64\cdb.exe`, ListedForm, `architecture arm64`},
	{`C:\Program Files\Debugging Tools for Windows (x64)\cdb.exe`, ListedForm, `LOLBAS omits`},
	{`C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`, ListedForm, `Office layout`},
	{`C:\Program Files (x86)\Microsoft Office\Office14\WINWORD.EXE`, Listed, ``},
	{`C:\Program Files\WindowsApps\Microsoft.Office.Desktop.Word_16051.1_x86__8wekyb3d8bbwe\Office16\WINWORD.EXE`, ListedForm, `Office layout`},
	{`C:\Program Files\Microsoft Office\evil\Office16\WINWORD.EXE`, VendorCopy, ``},
	{`C:\Program Files\WindowsApps\Microsoft.WindowsTerminal_1.21.2361.0_arm64__8wekyb3d8bbwe\wt.exe`, Listed, ``},
	{`C:\Program Files\WindowsApps\Microsoft.DesktopAppInstaller_1.25.0.0_x64__8wekyb3d8bbwe\AppInstaller.exe`, ListedForm, `package`},
	{`C:\Program Files\WindowsApps\Microsoft.WindowsTerminal_1.0_x64__evilevilevil0\wt.exe`, VendorCopy, ``},
	{`C:\Program Files\dotnet\shared\Microsoft.NETCore.App\8.0.1\createdump.exe`, Listed, ``},
	{`C:\Program Files\Microsoft SQL Server\160\Tools\Binn\sqlps.exe`, ListedForm, `version 160`},
	{`C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\MpCmdRun.exe`, ListedForm, `version 4.18.24090.11-0`},
	{`C:\ProgramData\Microsoft\Windows Defender\Evil\MpCmdRun.exe`, OtherProtected, ``},
	{`C:\Program Files (x86)\Microsoft\EdgeWebView\Application\140.0.1.2\msedgewebview2.exe`, ListedForm, `version 140.0.1.2`},
	{`C:\Program Files\IIS\Microsoft Web Deploy V6\msdeploy.exe`, ListedForm, `version v6`},
	{`C:\Program Files (x86)\Microsoft Web Tools\Packages\Microsoft.Net.Compilers.4.2.0\tools\csi.exe`, Listed, ``},
	{`C:\Program Files\WindowsPowerShell\Modules\Pester\3.4.0\bin\Pester.bat`, Listed, ``},
	// Per user: the listed form wins over user-writable.
	{`C:\Users\bob\AppData\Local\Microsoft\Teams\current\Teams.exe`, Listed, ``},
	{`C:\Users\bob\AppData\Local\Programs\Microsoft VS Code\Code.exe`, Listed, ``},
	{`C:\Users\bob\AppData\Local\Microsoft\Teams\Update.exe`, Listed, ``},
	{`C:\Users\bob\AppData\Local\Discord\Update.exe`, ListedForm, `LOLBAS omits`},
	{`C:\Users\bob\AppData\Local\EvilApp\Update.exe`, UserWritable, ``},
	{`C:\Users\Public\AppData\Local\Microsoft\Teams\current\Teams.exe`, UserWritable, ``},
	{`%LOCALAPPDATA%\Microsoft\Teams\current\Teams.exe`, ListedForm, `not certain`},
	{`C:\Users\bob\AppData\Local\Microsoft\WindowsApps\winget.exe`, Listed, ``},
	// Eight and three.
	{`Msbuild.exe:C:\Windows\Microsoft.NET\Framework\v4.0.30319\MSBUIL~1.EXE`, OtherProtected, ``}, // seven letters need none
	{`Installutil.exe:C:\Windows\Microsoft.NET\Framework\v4.0.30319\INSTAL~1.EXE`, ListedForm, `8.3`},
	// Under another name it is not in its place.
	{`Certutil.exe:C:\Windows\System32\svch0st.exe`, OtherProtected, `belongs in C:\Windows\System32`},
	{`Certutil.exe:C:\Users\bob\c.exe`, UserWritable, ``},
	// Spellings that hide where a file is.
	{`Certutil.exe:C:\Windows\System32\certutil.exe. `, Listed, ``},
	{`C:\Windows\System32.\certutil.exe`, Listed, ``},
	{`C:\Windows..\System32\certutil.exe`, UserWritable, `only looks like`},
	{`C:\ Windows\System32\certutil.exe`, UserWritable, ``},
	{`C:\Windows\System32 \certutil.exe`, OtherProtected, `belongs in C:\Windows\System32`},
	{"C:\\W\u0456ndows\\System32\\certutil.exe", UserWritable, ``},
	{`Certutil.exe:\\?\C:\Windows \System32\certutil.exe`, UserWritable, `only looks like`},
	{`Certutil.exe:\\?\C:\Windows\System32\..\Temp\certutil.exe`, UserWritable, `inside Windows`},
	{`Certutil.exe:\\.\C:\Windows/System32\certutil.exe`, Listed, ``},
	{`\\localhost\C$\Windows\System32\certutil.exe`, RemotePath, `own disk`},
	{`\\127.0.0.1\admin$\System32\certutil.exe`, RemotePath, `own disk`},
	{`\\127.1\c$\Users\bob\certutil.exe`, RemotePath, `own disk`},
	{`\\?\UNC\localhost\C$\Users\bob\certutil.exe`, RemotePath, `own disk`},
	{`\Device\Mup\localhost\c$\Windows\System32\certutil.exe`, RemotePath, `own disk`},
	{`\\wsl$\Ubuntu\tmp\certutil.exe`, RemotePath, `Linux`},
	{`\\localhost.evil.test\C$\certutil.exe`, RemotePath, `network share`},
	{`\\10.0.0.1@8080\x\certutil.exe`, RemotePath, `webdav`},
	{`Certutil.exe:\Device\LanmanRedirector\;Z:0001\srv\share\certutil.exe`, RemotePath, `srv`},
	{`C:\Windows\..\Users\certutil.exe`, UserWritable, ``},
	{`C:\Windows\System32\..\..\Users\bob\certutil.exe`, UserWritable, ``},
	{`C:\Users\bob\..\..\Windows\System32\certutil.exe`, Listed, ``},
	{`C:\Program Files (x86)\..\Users\Public\certutil.exe`, UserWritable, ``},
	{`%APPDATA%\..\Local\Temp\certutil.exe`, UserWritable, ``},
	{`C:\%windir%\System32\certutil.exe`, UserWritable, ``},
	{`C:\PROGRA~3\certutil.exe`, UserWritable, ``},
	{`C:\WINDOW~1\System32\certutil.exe`, UserWritable, ``},
	{`C:\Users\All Users\certutil.exe`, UserWritable, ``},
	{`C:\Documents and Settings\bob\certutil.exe`, UserWritable, ``},
	{`Certutil.exe:C:\Windows\System32\certutil.exe::$DATA`, Listed, ``},
	{`Certutil.exe:C:\Windows\System32::$INDEX_ALLOCATION\certutil.exe`, Listed, ``},
	{`Certutil.exe:C:\Windows\System32\a.txt:certutil.exe`, OtherProtected, `stream certutil.exe of C:\Windows\System32\a.txt`},
	{`\Device\HarddiskVolumeShadowCopy1\Windows\System32\certutil.exe`, ListedForm, `shadow copy`},
	{`\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy7\Windows\System32\certutil.exe`, ListedForm, `shadow copy`},
	{`\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\Windows\System32\certutil.exe`, ListedForm, `drive letter not stated`},
	{`\\.\GLOBALROOT\Device\HarddiskVolume3\Users\certutil.exe`, UserWritable, ``},
	{`Z:\Windows\System32\certutil.exe`, ListedForm, `drive z: instead of c:`},
	{`Z:\Windows\certutil.exe`, UserWritable, `drive z:`},
	{`C:Windows\System32\certutil.exe`, NoLocation, ``},
	{`C:\Windows.old\Users\bob\certutil.exe`, UserWritable, `upgrade kept`},
	{`C:\Windows.old.000\ProgramData\certutil.exe`, UserWritable, `upgrade kept`},
	{`C:\Windows.old\Program Files\x\certutil.exe`, ServicingCopy, ``},
	// Where something belongs is worded by what all its installations have in common.
	{`C:\Users\bob\mftrace.exe`, UserWritable, `belongs in C:\Program Files (x86)\Windows Kits\10\bin\<version>\<architecture> or another known place.`},
	{`C:\Users\bob\certutil.exe`, UserWritable, `belongs in C:\Windows\System32.`},
	{`C:\Users\bob\installutil.exe`, UserWritable, `\<.NET version>`},
	// No list.
	{`C:\Users\bob\Downloads\procdump64.exe`, NoList, `lists no path`},
	{`C:\Program Files\Tools\msxsl.exe`, NoList, ``},
	{`\\host\share\msxsl.exe`, RemotePath, `share`},
}

func TestLocate(t *testing.T) {
	for _, row := range located {
		path, name := row.path, row.path[strings.LastIndexAny(row.path, `\/`)+1:]
		if before, after, found := strings.Cut(row.path, ":"); found && len(before) > 1 && !strings.HasPrefix(after, "//") {
			name, path = before, after
		}
		got := Locate(entry(t, strings.TrimRight(name, "|")), path)
		if got.Class != row.want || !strings.Contains(got.Differs+"|"+got.Detail+"|"+got.Says, row.says) {
			t.Errorf("%s\n got %s, differs %q, %s %s\nwant %s, %s", path, got.Class, got.Differs, got.Detail, got.Says, row.want, row.says)
		}
		if got.Says == "" || (got.Class == Listed || got.Class == ListedForm) != (got.Matched != "") {
			t.Errorf("%s: says %q, matched %q", path, got.Says, got.Matched)
		}
	}
}

func TestLocateSaysTheSameOfEverySpelling(t *testing.T) {
	spellings := []func(string) string{
		strings.ToUpper, strings.ToLower,
		func(s string) string { return `\\?\` + s },
		func(s string) string { return `"` + s + `"` },
		func(s string) string { return strings.ReplaceAll(s, `\`, `/`) },
		func(s string) string { return strings.ReplaceAll(s, `\`, `\\`) },
		func(s string) string { return s + "." },
	}
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom(Entries()).Draw(t, "entry")
		if len(e.Paths) == 0 {
			return
		}
		path := rapid.SampledFrom(e.Paths).Draw(t, "path")
		other := rapid.SampledFrom(spellings).Draw(t, "spelling")(path)
		if got := Locate(&e, other); got.Class != Listed {
			t.Fatalf("%s is %s (%s)", other, got.Class, got.Differs)
		}
		if got := Locate(&e, `C:\Users\Public`+path[2:]); got.Class != UserWritable {
			t.Fatalf("%s below Public is %s", path, got.Class)
		}
	})
}

func FuzzLocate(f *testing.F) {
	for i, row := range located {
		f.Add(i, row.path, row.path[max(strings.LastIndexByte(row.path, '\\'), 0):])
	}
	f.Fuzz(func(t *testing.T, n int, path, name string) {
		e := &entries[uint(n)%uint(len(entries))]
		got := Locate(e, path)
		if got.Class == "" || got.Says == "" || (got.Class == RemotePath) != (got.Detail != "") || (got.Class == Listed && got.Differs != "") {
			t.Fatalf("%s: %+v", path, got)
		}
		who := Identify(Evidence{Base: name, OriginalFileName: path, Path: path, Company: name, SHA256: name})
		if who.Value == "" || who.Says == "" || who.Entry == nil && who.Value != UnknownIdentity {
			t.Fatalf("%q as %q: %+v", name, path, who)
		}
	})
}

func TestPlaceNeedsNoEntry(t *testing.T) {
	for path, want := range map[string]LocationClass{
		`C:\Windows\System32\notepad.exe`: OtherProtected, `C:\Windows\Temp\x.exe`: UserWritable, `C:\Program Files\A\x.exe`: VendorCopy,
		`C:\Windows\WinSxS\a\x.exe`: ServicingCopy, `\\h\s\x.exe`: RemotePath, `x.exe`: NoLocation, ``: NoLocation,
	} {
		if got := Place(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func BenchmarkLocate(b *testing.B) {
	e := ByName("mftrace.exe")[0]
	b.ReportAllocs()
	for b.Loop() {
		Locate(e, `C:\Program Files (x86)\Windows Kits\10\bin\10.0.26100.0\arm64\mftrace.exe`)
	}
}
