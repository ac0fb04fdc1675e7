package lolbas

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIdentify(t *testing.T) {
	const ms = "Microsoft Corporation"
	is := func(says string, e Evidence, want IdentityValue, entryName string) {
		t.Helper()
		got, name := Identify(e), ""
		if got.Entry != nil {
			name = got.Entry.Name
		}
		if got.Value != want || name != entryName || got.Says == "" || strings.Contains(got.Says, "..") {
			t.Errorf("%s\n got %s %q: %s\nwant %s %q", says, got.Value, name, got.Says, want, entryName)
		}
	}
	is("mftrace of the SDK, whose company is only Microsoft",
		Evidence{Base: "mftrace.exe", OriginalFileName: "mftrace.exe", Company: "Microsoft", Product: "Media Foundation Tracing Application"}, Genuine, "Mftrace.exe")
	is("a known hash is enough",
		Evidence{Base: "mftrace.exe", SHA256: "737B3264A2C58FC6721ACBAB1EB33A905928B59524BC6B96F29DA7527E7FA2CE"}, Genuine, "Mftrace.exe")
	is("a known hash under another name",
		Evidence{Base: "notes.exe", SHA256: "737b3264a2c58fc6721acbab1eb33a905928b59524bc6b96f29da7527e7fa2ce"}, Renamed, "Mftrace.exe")
	is("a known hash with the name from the path",
		Evidence{Path: `C:\x\mftrace.exe`, SHA256: "737b3264a2c58fc6721acbab1eb33a905928b59524bc6b96f29da7527e7fa2ce"}, Genuine, "Mftrace.exe")
	is("resource read through MUI", Evidence{Base: "RUNDLL32.EXE", OriginalFileName: "RUNDLL32.EXE.MUI", Company: ms}, Genuine, "Rundll32.exe")
	is("carriage return behind the name", Evidence{Base: "MpCmdRun.exe", OriginalFileName: "MpCmdRun.exe\r", Company: ms + "\r"}, Genuine, "MpCmdRun.exe")
	is("quotes around the name", Evidence{Base: "DeviceCredentialDeployment.exe", OriginalFileName: `"DeviceCredentialDeployment.exe"`}, Genuine, "DeviceCredentialDeployment.exe")
	is("renamed", Evidence{Base: "svch0st.exe", OriginalFileName: "CertUtil.exe", Company: ms}, Renamed, "Certutil.exe")
	is("renamed, extension only", Evidence{Base: "certutil.tmp", OriginalFileName: "CertUtil.exe", Company: ms}, Renamed, "Certutil.exe")
	is("one listed program as another", Evidence{Base: "mshta.exe", OriginalFileName: "Cmd.Exe", Company: ms}, Renamed, "Cmd.exe")
	is("no original file name is never renamed", Evidence{Base: "x.exe", OriginalFileName: "-", Company: "-"}, UnknownIdentity, "")
	is("nor is a question mark", Evidence{Base: "certutil.exe", OriginalFileName: "?", Company: "?"}, UnknownIdentity, "Certutil.exe")
	is("no listed program at all", Evidence{Base: "notepad.exe", OriginalFileName: "NOTEPAD.EXE", Company: ms}, UnknownIdentity, "")
	is("a stranger under a listed name", Evidence{Base: "rundll32.exe", OriginalFileName: "evil.exe", Company: "Evil Ltd"}, Masquerade, "Rundll32.exe")
	is("a stranger that forges the file name only", Evidence{Base: "rundll32.exe", OriginalFileName: "RUNDLL32.EXE", Company: "Evil Ltd"}, Masquerade, "Rundll32.exe")
	is("a stranger that imitates the company", Evidence{Base: "rundll32.exe", OriginalFileName: "RUNDLL32.EXE", Company: "Microsoftt Corporation"}, Masquerade, "Rundll32.exe")
	is("a maker whose name ends in a full stop", Evidence{Base: "update.exe", Company: "Example, Inc."}, SameName, "Update.exe")
	is("the same under a listed original file name", Evidence{Base: "x.exe", OriginalFileName: "CertUtil.exe", Company: "Example Ltd."}, SameName, "Certutil.exe")
	is("another signer", Evidence{Base: "cmd.exe", OriginalFileName: "Cmd.Exe", Company: ms, Signer: "Evil Ltd"}, Masquerade, "Cmd.exe")
	is("a Microsoft file that is not listed, under a listed name", Evidence{Base: "rundll32.exe", OriginalFileName: "NOTEPAD.EXE", Company: ms}, Masquerade, "Rundll32.exe")
	is("explorer.exe of another product, in its own folder",
		Evidence{Base: "explorer.exe", OriginalFileName: "SDScan.exe", Company: "Safer-Networking Ltd.", Path: `C:\Program Files (x86)\Spybot - Search & Destroy 2\explorer.exe`}, SameName, "Explorer.exe")
	is("the same file in a temporary folder",
		Evidence{Base: "explorer.exe", OriginalFileName: "SDScan.exe", Company: "Safer-Networking Ltd.", Path: `C:\Users\bob\AppData\Local\Temp\explorer.exe`}, Masquerade, "Explorer.exe")
	is("print.exe of an image editor", Evidence{Base: "print.exe", OriginalFileName: "print.exe", Company: "Spencer Kimball", Signer: "Jernej"}, SameName, "Print.exe")
	is("a generic name without anything", Evidence{Base: "update.exe"}, SameName, "Update.exe")
	is("a generic name with its file name only", Evidence{Base: "remote.exe", OriginalFileName: "remote.exe"}, SameName, "Remote.exe")
	is("a generic name with product and company",
		Evidence{Base: "remote.exe", OriginalFileName: "remote.exe", Company: ms, Product: "Microsoft® Windows® Operating System"}, Genuine, "Remote.exe")
	is("a generic name signed by Microsoft", Evidence{Base: "te.exe", OriginalFileName: "TE.exe", Signer: "Microsoft Corporation"}, Genuine, "te.exe")
	is("bash of another maker has no resource", Evidence{Base: "bash.exe", Path: `C:\Program Files\Git\bin\bash.exe`}, SameName, "Bash.exe")
	is("an Electron application is not a renamed editor", Evidence{Base: "slack.exe", OriginalFileName: "electron.exe", Company: "Slack"}, SameName, "code.exe")
	is("an Electron application without company", Evidence{Base: "slack.exe", OriginalFileName: "electron.exe"}, UnknownIdentity, "")
	is("an application host of .NET", Evidence{Base: "svc.exe", OriginalFileName: ".NET Host"}, UnknownIdentity, "")
	is("a script has no resource", Evidence{Base: "winrm.vbs"}, UnknownIdentity, "winrm.vbs")
	is("an old source with description and product",
		Evidence{Base: "evil.exe", Description: "Windows Command Processor", Product: "Microsoft® Windows® Operating System", Company: ms}, Renamed, "Cmd.exe")
	is("an old source, under its own name",
		Evidence{Base: "cmd.exe", Description: "Windows Command Processor", Product: "Microsoft® Windows® Operating System", Company: ms}, Genuine, "Cmd.exe")
	is("a signer is enough for a plain name", Evidence{Base: "runexehelper.exe", Signer: "Microsoft Windows"}, Genuine, "Runexehelper.exe")
	is("injection helper of App-V under its architecture's name", Evidence{Base: "MavInject32.exe", OriginalFileName: "mavinject32.exe", Company: ms}, Genuine, "Mavinject.exe")
	is("description of a listed program, resource name of a new build",
		Evidence{Base: "certutil.exe", OriginalFileName: "certutil2.exe", Description: "CertUtil.exe", Product: "Microsoft® Windows® Operating System", Company: ms}, Genuine, "Certutil.exe")
	is("a library that carries its host's file name", Evidence{Base: "ConhostV2.dll", OriginalFileName: "CONHOST.EXE", Company: ms}, Genuine, "Conhost.exe")
	is("nothing", Evidence{}, UnknownIdentity, "")
}

func TestLegitimateMismatchesAreGenuine(t *testing.T) {
	for base, ofn := range map[string]string{
		"tar.exe": "bsdtar", "rasautou.exe": "rasdlui.exe", "wlrmdr.exe": "WLRMNDR.EXE.MUI", "dotnet.exe": ".NET Host", "createdump.exe": "FX_VER_INTERNALNAME_STR",
		"wsl.exe": "wsl", "write.exe": "write", "expand.exe": "expand", "provlaunch.exe": "provlaunch", "procdump64.exe": "procdump", "mavinject.exe": "mavinject64.exe",
		"code.exe": "electron.exe", "ieadvpack.dll": "ADVPACK.DLL.MUI", "register-cimprovider.exe": "Register-CimProvider2.exe", "appcert.exe": "Logotest.exe",
		"stordiag.exe": "stordiag_managed.exe", "schtasks.exe": "sctasks.exe", "configsecuritypolicy.exe": "ConfiguSecurityPolicy.exe",
	} {
		got := Identify(Evidence{Base: base, OriginalFileName: ofn, Company: "Microsoft Corporation", Signer: "Microsoft Corporation"})
		if got.Value != Genuine || len(ByName(base)) == 0 || got.Entry != ByName(base)[0] {
			t.Errorf("%s with original file name %s is %s: %s", base, ofn, got.Value, got.Says)
		}
	}
}

func TestByOriginalFileName(t *testing.T) {
	for ofn, want := range map[string]string{
		"CERTUTIL.EXE.MUI": "Certutil.exe", "bsdtar": "Tar.exe", "Logotest.exe": "AppCert.exe", "mftrace.exe": "Mftrace.exe", "ADVPACK.DLL": "Advpack.dll Ieadvpack.dll",
		"electron.exe": "", "-": "", "": "", "update.exe": "", "notepad.exe": "", "winrm.vbs": "",
	} {
		var names []string
		for _, e := range ByOriginalFileName(ofn) {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q is carried by %q, want %q", ofn, got, want)
		}
	}
}

func TestKnownHash(t *testing.T) {
	if len(verified) < 1100 {
		t.Errorf("%d hashes", len(verified))
	}
	for i := 1; i < len(verified); i++ {
		if verified[i-1].sum >= verified[i].sum {
			t.Fatalf("%s stands behind %s", verified[i].sum, verified[i-1].sum)
		}
	}
	if name, ok := KnownHash("584EC8A9B682AECD68860DC5BC082A260C9E6CD969A56816596F6CE2FF33592E"); name != "mfdetours.dll" || !ok {
		t.Errorf("the tracing library is %q, %v", name, ok)
	}
	if name, ok := KnownHash("00"); ok {
		t.Errorf("no hash is %q", name)
	}
}

// Every real build in the collection must come out as what it is, whatever
// combination of fields a source records.
func TestRealBuildsAreGenuine(t *testing.T) {
	sharedFacts(t)
	data, err := os.ReadFile(filepath.Join(factsDir, "binary_identity.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Files map[string][]struct {
			Path, Product, Company, Description, Signer, SHA256 string
			Original                                            string `json:"original_filename"`
		}
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	count := map[IdentityValue]int{}
	for name, builds := range all.Files {
		if len(ByName(name)) == 0 {
			continue
		}
		for _, b := range builds {
			full := Evidence{name, b.Original, b.Product, b.Company, b.Description, b.Signer, b.SHA256, b.Path}
			noHash, sysmon, old := full, full, full
			noHash.SHA256 = ""
			sysmon.SHA256, sysmon.Signer = "", ""
			old.SHA256, old.Signer, old.OriginalFileName = "", "", "-"
			for source, e := range map[string]Evidence{"all fields": full, "no hash": noHash, "no signer": sysmon, "no original file name": old} {
				got := Identify(e)
				count[got.Value]++
				foreigner := strings.Contains(b.Signer, "Discord") || strings.Contains(b.Signer, "GitHub") || strings.Contains(b.Signer, "Safer") || strings.Contains(b.Signer, "Jernej")
				if got.Value == Renamed || got.Value == Masquerade || (got.Value == SameName) && !foreigner && b.Company != "" {
					t.Errorf("%s with %s is %s: %s", b.Path, source, got.Value, got.Says)
				}
			}
		}
	}
	total := 0
	for _, n := range count {
		total += n
	}
	t.Logf("%d cases", total)
	if count[Genuine] < 4*count[UnknownIdentity] {
		t.Errorf("too few are proven: %v", count)
	}
}

func BenchmarkIdentify(b *testing.B) {
	e := Evidence{Base: "svch0st.exe", OriginalFileName: "CertUtil.exe", Company: "Microsoft Corporation", Path: `C:\Users\bob\svch0st.exe`}
	b.ReportAllocs()
	for b.Loop() {
		Identify(e)
	}
}
