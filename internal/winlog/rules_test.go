package winlog_test

import (
	"slices"
	"strings"
	"testing"

	"reeve/internal/winlog"
	"reeve/internal/winlog/recordtest"
)

func TestLogSourcesMeanRecordsOfWindows(t *testing.T) {
	for _, c := range []struct{ category, product, service, want string }{
		{"process_creation", "windows", "", "category:process_creation"},
		{"process_creation", "", "", "category:process_creation"},
		{"antivirus", "", "", "category:antivirus"},
		{"", "windows", "security", "service:security"},
		{"", "windows", "", "windows"},
		{"process_creation", "linux", "", ""},
		{"process_creation", "windows", "sysmon", "category:process_creation service:sysmon"},
		{"process_creation", "windows", "no_such_service", ""},
		{"no_such_category", "windows", "sysmon", ""},
		{"", "", "", ""},
		{"file_access", "windows", "", ""},
		{"webserver", "", "", ""},
		{"", "", "apache", ""},
		{"", "windows", "no_such_service", ""},
	} {
		if got := strings.Join(winlog.RuleSources(c.category, c.product, c.service), " "); got != c.want {
			t.Errorf("%s/%s/%s means %q, want %q", c.product, c.category, c.service, got, c.want)
		}
	}
}

// single drops the sources that are both a category and a service.
func single(sources []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(sources), func(s string) bool { return strings.Contains(s, " ") }), " ")
}

func TestRecordsBelongToSources(t *testing.T) {
	d := winlog.NewDecoder()
	for head, want := range map[string]string{
		"Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 1":  "windows service:sysmon category:process_creation",
		"Microsoft-Windows-Sysmon/Operational |  | 1":                          "windows service:sysmon category:process_creation",
		"MICROSOFT-WINDOWS-SYSMON/OPERATIONAL | microsoft-windows-sysmon | 1":  "windows service:sysmon category:process_creation",
		"ForwardedEvents | Microsoft-Windows-Sysmon | 13":                      "windows category:registry_set category:registry_event",
		"Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 12": "windows service:sysmon category:registry_add category:registry_event category:registry_delete",
		"Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 16": "windows service:sysmon category:sysmon_status",
		"Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 18": "windows service:sysmon category:pipe_created",
		"Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 24": "windows service:sysmon category:clipboard_change category:clipboard_capture",
		"Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 26": "windows service:sysmon category:file_delete category:file_delete_detected",
		"Security | Microsoft-Windows-Security-Auditing | 4688":                "windows service:security category:process_creation",
		"Security |  | 4688": "windows service:security category:process_creation",
		"Security | Microsoft-Windows-Security-Auditing | 4624": "windows service:security",
		"Security | Microsoft-Windows-Security-Auditing | 4657": "windows service:security category:registry_add category:registry_set category:registry_event category:registry_delete",
		"System | Service Control Manager | 7045":               "windows service:system",
		"System | Else | 1":                     "windows service:system",
		"Windows PowerShell | PowerShell | 400": "windows service:powershell-classic category:ps_classic_start",
		"Windows PowerShell |  | 400":           "windows service:powershell-classic category:ps_classic_start",
		"Windows PowerShell | PowerShell | 600": "windows service:powershell-classic category:ps_classic_provider_start",
		"Windows PowerShell | PowerShell | 800": "windows service:powershell-classic category:ps_classic_script",
		"Microsoft-Windows-PowerShell/Operational | Microsoft-Windows-PowerShell | 4103":             "windows service:powershell category:ps_module",
		"PowerShellCore/Operational | PowerShellCore | 4104":                                         "windows service:powershell category:ps_script",
		"Microsoft-Windows-Windows Defender/Operational | Microsoft-Windows-Windows Defender | 1116": "windows service:windefend category:antivirus",
		"Microsoft-Windows-Windows Defender/Operational | Microsoft-Windows-Windows Defender | 1117": "windows service:windefend",
		"Microsoft-Windows-AppLocker/MSI and Script | Microsoft-Windows-AppLocker | 8004":            "windows service:applocker",
		"Microsoft-Windows-AppLocker/EXE and DLL | Microsoft-Windows-AppLocker | 8004":               "windows service:applocker",
		"Microsoft-Windows-SMBServer/Connectivity | Microsoft-Windows-SMBServer | 4000":              "windows service:smbserver-connectivity",
		"Microsoft-Windows-SmbClient/Connectivity | Microsoft-Windows-SMBClient | 30803":             "windows service:smbclient-connectivity",
		"Microsoft-ServiceBus-Client/Operational | Microsoft-ServiceBus-Client | 40301":              "windows service:microsoft-servicebus-client service:servicebus-client",
		"Microsoft-Windows-DNSServer/Analytical | Microsoft-Windows-DNSServer | 260":                 "windows service:dns-server-analytic",
		"Microsoft-Windows-DNS-Client/Operational | Microsoft-Windows-DNS-Client | 3008":             "windows service:dns-client",
		"Microsoft-Windows-Security-Mitigations/KernelMode | X | 12":                                 "windows service:security-mitigations",
		"Application | Outlook | 1": "windows service:application",
		" |  | 1":                   "windows",
	} {
		if got := single(d.RuleSources(recordtest.One(t, head+"\nA=x"))); got != want {
			t.Errorf("%s belongs to %q, want %q", head, got, want)
		}
	}
	both := d.RuleSources(recordtest.One(t, "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 1\nA=x"))
	if !slices.Contains(both, "category:process_creation service:sysmon") {
		t.Errorf("no source is both category and service: %q", both)
	}
	for record, want := range map[string]string{
		"event.category=process\nevent.type=start\nprocess.executable=C:\\a.exe\nprocess.command_line=a": "windows category:process_creation",
		"ActionType=ImageLoaded\nFolderPath=C:\\a.dll":                                                   "windows category:image_load",
		"ActionType=RegistryValueSet\nRegistryKey=HKEY_USERS\\X":                                         "windows category:registry_set category:registry_event",
		"ActionType=RegistryKeyDeleted\nRegistryKey=HKEY_USERS\\X":                                       "windows category:registry_add category:registry_event category:registry_delete",
		"ActionType=FileDeleted\nFolderPath=C:\\a":                                                       "windows category:file_delete category:file_delete_detected",
		"ActionType=LogonSuccess\nFolderPath=C:\\a":                                                      "windows",
	} {
		if got := single(d.RuleSources(recordtest.One(t, " |  | \n"+record))); got != want {
			t.Errorf("%q belongs to %q, want %q", record, got, want)
		}
	}
}

func TestRuleFieldsAreFound(t *testing.T) {
	const audit = "Security | Microsoft-Windows-Security-Auditing | 4688\nNewProcessName=C:\\new.exe\nParentProcessName=C:\\old.exe\nProcessId=0x10\nNewProcessId=0x20\nSubjectUserName=ana\nSubjectLogonId=0x3e7\nMandatoryLabel=S-1-16-12288\nCommandLine=new"
	const sysmon = "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 1\nImage=C:\\a.exe\nHashes=SHA1=AA,MD5=BB,IMPHASH=CC\nProcessId=7"
	const mde = " |  | \nActionType=ProcessCreated\nFileName=sc.exe\nFolderPath=C:\\Windows\\System32\\sc.exe\nProcessCommandLine=sc start x\nInitiatingProcessFolderPath=c:\\windows\\system32\nInitiatingProcessFileName=svchost.exe\nSHA256=AA"
	const mdeKey = " |  | \nActionType=RegistryValueSet\nRegistryKey=HKEY_LOCAL_MACHINE\\SOFTWARE\\X\nRegistryValueData=1\nInitiatingProcessFolderPath=c:\\r.exe\nInitiatingProcessFileName=r.exe"
	const ecs = " |  | \nprocess.executable=C:\\a.exe\nfile.path=C:\\f"
	for _, c := range []struct{ record, source, field, want string }{
		{sysmon, "category:process_creation", "Image", `C:\a.exe`},
		{sysmon, "category:process_creation", "image", `C:\a.exe`},
		{sysmon, "category:process_creation", "md5", "BB"},
		{sysmon, "category:process_creation", "Imphash", "CC"},
		{sysmon, "category:process_creation", "sha256", "absent"},
		{sysmon, "category:process_creation", "ProcessId", "7"},
		{sysmon, "category:process_creation", "Provider_Name", "Microsoft-Windows-Sysmon"},
		{sysmon, "category:process_creation", "EventID", "1"},
		{sysmon, "category:process_creation", "Nothing", "absent"},
		{audit, "category:process_creation", "Image", `C:\new.exe`},
		{audit, "category:process_creation", "ParentImage", `C:\old.exe`},
		{audit, "category:process_creation", "ProcessId", "0x20"},
		{audit, "category:process_creation", "ParentProcessId", "0x10"},
		{audit, "category:process_creation", "IntegrityLevel", "High"},
		{audit, "category:process_creation", "User", "ana"},
		{audit, "category:process_creation", "LogonId", "0x3e7"},
		{audit, "category:process_creation", "CommandLine", "new"},
		{audit, "category:process_creation", "OriginalFileName", "absent"},
		{audit, "service:security", "ProcessId", "0x10"},
		{audit, "service:security", "Image", "absent"},
		{audit, "service:security", "MandatoryLabel", "S-1-16-12288"},
		{"Security | Microsoft-Windows-Security-Auditing | 4657\nObjectName=\\REGISTRY\\x\nNewValue=1\nProcessName=C:\\r.exe", "category:registry_set", "TargetObject", `\REGISTRY\x`},
		{"Security | Microsoft-Windows-Security-Auditing | 4657\nObjectName=\\REGISTRY\\x\nNewValue=1\nProcessName=C:\\r.exe", "category:registry_event", "Details", "1"},
		{"Security | Microsoft-Windows-Security-Auditing | 4657\nObjectName=\\REGISTRY\\x\nNewValue=1\nProcessName=C:\\r.exe", "category:registry_set", "Image", `C:\r.exe`},
		{"D | Microsoft-Windows-Windows Defender | 1116\nThreat Name=EICAR\nPath=C:\\e", "service:windefend", "ThreatName", "EICAR"},
		{"D | Microsoft-Windows-Windows Defender | 1116\nThreat Name=EICAR\nPath=C:\\e", "category:antivirus", "Signature", "EICAR"},
		{"D | Microsoft-Windows-Windows Defender | 1116\nThreat Name=EICAR\nPath=C:\\e", "category:antivirus", "Filename", `C:\e`},
		{"Application | MSSQL$X | 33205\n=one\n=two", "service:application", "Data", "one two"},
		{"Application | X | 1\nName=one\nname=two", "service:application", "Name", "one two"},
		{mde, "category:process_creation", "Image", `C:\Windows\System32\sc.exe`},
		{mde, "category:process_creation", "CommandLine", "sc start x"},
		{mde, "category:process_creation", "ParentImage", `c:\windows\system32\svchost.exe`},
		{mde, "category:process_creation", "SHA256", "AA"},
		{mde, "category:process_creation", "Details", "absent"},
		{mde, "category:process_creation", "User", "absent"},
		{mdeKey, "category:registry_set", "Image", `c:\r.exe`},
		{mdeKey, "category:registry_set", "TargetObject", `HKLM\SOFTWARE\X`},
		{mdeKey, "category:registry_set", "Details", "1"},
		{ecs, "category:process_creation", "Image", `C:\a.exe`},
		{ecs, "category:image_load", "ImageLoaded", `C:\f`},
		{ecs, "category:process_creation", "CommandLine", "absent"},
	} {
		rec := recordtest.One(t, c.record)
		at, convert := winlog.RuleField(rec, c.source, c.field)
		var texts []string
		var list []byte
		for _, h := range at {
			text := rec.Value(h).String()
			texts, list = append(texts, text), append(append(list, text...), 0)
		}
		if convert != nil {
			texts = strings.Split(string(convert(nil, list)), "\x00")
			texts = texts[:len(texts)-1] // each is ended by a NUL character
		}
		got := strings.Join(texts, " ")
		if len(texts) == 0 {
			got = "absent"
		}
		if got != c.want {
			t.Errorf("%s of %s is %q, want %q", c.field, strings.SplitN(c.record, "\n", 2)[0], got, c.want)
		}
	}
}
