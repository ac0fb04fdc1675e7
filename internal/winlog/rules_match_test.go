package winlog_test

import (
	"strings"
	"testing"

	"reeve/internal/detect"
	"reeve/internal/winlog"
	"reeve/internal/winlog/recordtest"
	"reeve/sigma"
)

// windows maps log sources as the program does.
type windows struct{}

func (windows) Sources(l sigma.Logsource) []string {
	return winlog.RuleSources(l.Category, l.Product, l.Service)
}

// matches tells whether a rule, written as its log source and its detection, matches a record.
func matches(t *testing.T, rule string, rec *recordtest.Record) bool {
	t.Helper()
	source, detection, _ := strings.Cut(rule, "\n")
	text := "title: r\nlogsource: {product: windows, " + source + "}\ndetection:\n  " + strings.ReplaceAll(detection, "\n", "\n  ") + "\n  condition: s"
	if strings.Contains(detection, "\nf:") {
		text += " and not f"
	}
	rules, faults := sigma.Parse("r.yml", []byte(text+"\n"), sigma.ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	set := &sigma.Set{Rules: rules}
	engine := sigma.Compile(set, windows{})
	if len(engine.Rules()) != 1 {
		t.Fatalf("the rule has no records: %v", set.Inactive)
	}
	d := winlog.NewDecoder()
	m := detect.NewMatcher(engine, detect.Meaning{Sources: d.RuleSources, Field: winlog.RuleField, Kind: d.Kind})
	return len(m.Match(rec)) == 1
}

const (
	process   = "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 1\n"
	audit     = "Security | Microsoft-Windows-Security-Auditing | 4688\nNewProcessName=C:\\Windows\\System32\\cmd.exe\nNewProcessId=0x3e7\nProcessId=0x4\n"
	audited   = "Security | Microsoft-Windows-Security-Auditing | 4657\nObjectName=\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services\\EventLog\nObjectValueName=Start\nNewValueType=%%1876\nNewValue=4\nProcessName=C:\\Windows\\System32\\reg.exe\n"
	classic   = "Windows PowerShell | PowerShell | 400\n=Available\n=None\n"
	details   = "\tNewEngineState=Available\n\t\tPreviousEngineState=None\n\t\n\t\tHostName=ConsoleHost\n\t\tHostApplication=powershell -c \"a\n\tb=1\"\n\t\tEngineVersion=2.0\n\t\tCommandLine="
	defender  = "Microsoft-Windows-Windows Defender/Operational | Microsoft-Windows-Windows Defender | "
	hunted    = " |  | \n"
	shipped   = "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 13\nSourceModuleType=im_msvistalog\nEventType=INFO\nTargetObject=HKLM\\x\n"
	appCrash  = "Application | Application Error | 1000\n=lsass.exe\n=1\n=2\n=WLDAP32.dll\n=3\n=4\n=c0000001\n"
	registry  = "category: registry_set\n"
	creation  = "category: process_creation\n"
	antivirus = "category: antivirus\n"
)

// TestRulesFindWhatRecordsState holds rules against records: each line is one way in which a record states a field otherwise than a
// rule asks for it.
func TestRulesFindWhatRecordsState(t *testing.T) {
	for _, c := range []struct {
		says, rule, record string
		want               bool
	}{
		{"Sysmon's field by its own name", creation + "s: {Image|endswith: '\\cmd.exe'}", process + "Image=C:\\cmd.exe", true},
		{"a field in another case", creation + "s: {image|endswith: '\\cmd.exe'}", process + "Image=C:\\cmd.exe", true},
		{"a trailing blank is data", creation + "s: {CommandLine|endswith: ' /c '}", process + "CommandLine=cmd /c ", true},
		{"4688 by Sysmon's name", creation + "s: {Image|endswith: '\\cmd.exe'}", audit, true},
		{"4688 by its own name", creation + "s: {NewProcessName|endswith: '\\cmd.exe'}", audit, true},
		{"4688 by its own name in its log", "service: security\ns: {EventID: 4688, NewProcessName|endswith: '\\cmd.exe'}", audit, true},
		{"Sysmon's name is unknown in the log itself", "service: security\ns: {Image|endswith: '\\cmd.exe'}", audit, false},
		{"4688's new process id is the process's, in hexadecimal", creation + "s: {ProcessId: '0x3e7', ParentProcessId: '0x4'}", audit, true},
		{"hexadecimal is not made decimal", creation + "s: {ProcessId: 999}", audit, false},
		{"hexadecimal has no zeros before it", creation + "s: {LogonId: '0x3e7'}", audit + "SubjectLogonId=0x3e7", true},
		{"a mandatory label is Sysmon's word", creation + "s: {IntegrityLevel: System}", audit + "MandatoryLabel=S-1-16-16384", true},
		{"a mandatory label of another level is not", creation + "s: {IntegrityLevel: System}", audit + "MandatoryLabel=S-1-16-12288", false},
		{"the label itself keeps its name", creation + "s: {MandatoryLabel: S-1-16-16384}", audit + "MandatoryLabel=S-1-16-16384", true},
		{"a user has the domain", creation + "s: {User: 'CORP\\ana'}", audit + "SubjectDomainName=CORP\nSubjectUserName=ana", true},
		{"the system's account is its own, not the machine's", creation + "s: {User|contains: AUTHORI}", audit + "SubjectUserSid=S-1-5-18\nSubjectDomainName=CORP\nSubjectUserName=WS1$", true},
		{"the target account is the process's", creation + "s: {User|contains: AUTHORI}", audit + "SubjectUserSid=S-1-5-18\nSubjectUserName=WS1$\nTargetUserSid=S-1-5-21-1\nTargetDomainName=CORP\nTargetUserName=ana", false},
		{"no target account is none", creation + "s: {User: 'CORP\\ana'}", audit + "SubjectDomainName=CORP\nSubjectUserName=ana\nTargetUserSid=S-1-0-0\nTargetDomainName=-\nTargetUserName=-", true},
		{"4688 has no original file name, so a null filter holds", creation + "s: {Image|endswith: '\\cmd.exe'}\nf: {OriginalFileName: null}", audit, false},

		{"4657's key and value are one path", registry + "s: {TargetObject|endswith: '\\CurrentControlSet\\Services\\EventLog\\Start'}", audited + "OperationType=%%1905", true},
		{"4657's key has Sysmon's root", registry + "s: {TargetObject|startswith: 'HKLM\\SYSTEM\\'}", audited + "OperationType=%%1905", true},
		{"4657's number is written as Sysmon's", registry + "s: {Details: 'DWORD (0x00000004)'}", audited + "OperationType=%%1905", true},
		{"4657's number by its own name is Windows'", registry + "s: {NewValue: 4}", audited + "OperationType=%%1905", true},
		{"4657's program is the image", registry + "s: {Image|endswith: '\\reg.exe', EventType: SetValue}", audited + "OperationType=%%1905", true},
		{"a new value is set", registry + "s: {TargetObject|endswith: '\\Start'}", audited + "OperationType=%%1904", true},
		{"a deleted value is not set", registry + "s: {TargetObject|endswith: '\\Start'}", audited + "OperationType=%%1906", false},
		{"a deleted value is deleted", "category: registry_delete\ns: {TargetObject|endswith: '\\Start', EventType: DeleteValue}", audited + "OperationType=%%1906", true},
		{"a changed value is not added", "category: registry_add\ns: {TargetObject|endswith: '\\Start'}", audited + "OperationType=%%1905", false},
		{"a new value is added", "category: registry_add\ns: {TargetObject|endswith: '\\Start'}", audited + "OperationType=%%1904", true},

		{"PowerShell's host stands in the third of the unnamed data", "category: ps_classic_start\ns: {HostApplication|contains: 'powershell -c'}", classic + "=" + details, true},
		{"a command of several lines is one value", "category: ps_classic_start\ns: {HostApplication|endswith: 'b=1\"'}", classic + "=" + details, true},
		{"the key after it is another", "category: ps_classic_start\ns: {HostApplication|contains: EngineVersion}", classic + "=" + details, false},
		{"the whole text is Data", "category: ps_classic_start\ns: {Data|contains: 'EngineVersion=2.'}\nf: {Data|contains: 'HostVersion=2.'}", classic + "=" + details, true},
		{"every unnamed one is Data", "service: powershell-classic\ns: {Data: None}", classic + "=" + details, true},
		{"a key without a value is empty", "category: ps_classic_start\ns: {CommandLine: ''}", classic + "=" + details, true},
		{"a key that is not there is null", "category: ps_classic_start\ns: {ScriptName: null}", classic + "=" + details, true},
		{"800 has the keys in the second", "category: ps_classic_script\ns: {UserId: 'CORP\\ana'}", "Windows PowerShell | PowerShell | 800\n=Get-Item\n=\tDetailTotal=1\n\t\tUserId=CORP\\ana\n=details", true},
		{"exports that number the data answer to Data", "category: ps_classic_start\ns: {Data|contains: 'EngineVersion=2.', EngineVersion: '2.0'}", "Windows PowerShell | PowerShell | 400\nparam1=Available\nparam2=None\nparam3=" + details, true},
		{"exports that keep the message alone answer to Data", "category: ps_classic_start\ns: {Data|contains: 'EngineVersion=2.', EngineVersion: '2.0'}", "Windows PowerShell | PowerShell | 400\nMessage=Engine state is changed.\n\t" + details, true},
		{"4103's context has keys with blanks", "category: ps_module\ns: {HostApplication|endswith: pwsh.exe, ContextInfo|contains: 'Host Application'}", "PowerShellCore/Operational | PowerShellCore | 4103\nContextInfo=        Severity = Informational\n\t        Host Application = C:\\pwsh.exe\n\t        Engine Version = 7", true},
		{"a key of another provider's text is none", "service: application\ns: {HostApplication|contains: x}", "Application | Else | 1\n=HostApplication=x", false},

		{"Defender's names have blanks", "service: windefend\ns: {ThreatName: EICAR, ProcessName: a.exe}", defender + "1119\nThreat Name=EICAR\nProcess Name=a.exe", true},
		{"blanks are underscores in some rules", "service: windefend\ns: {Feature_Name: '%%886'}", defender + "3002\nFeature Name=%%886", true},
		{"virus alerts are Defender's", antivirus + "s: {Signature|contains: EICAR, Filename|startswith: 'C:\\'}", defender + "1116\nThreat Name=EICAR\nPath=C:\\e", true},
		{"what Defender did is no virus alert", antivirus + "s: {Signature|contains: EICAR}", defender + "1117\nThreat Name=EICAR", false},

		{"hashes as they stand", creation + "s: {Hashes|contains: 'IMPHASH=CC'}", process + "Hashes=SHA1=AA,MD5=BB,IMPHASH=CC", true},
		{"one hash in another order and case", creation + "s: {imphash: cc, MD5: bb, Sha1: aa}", process + "Hashes=sha1=AA,MD5=BB,IMPHASH=CC", true},
		{"a hash that is not there is null", creation + "s: {sha256: null}", process + "Hashes=MD5=BB", true},
		{"a file's hash has another name", "category: create_stream_hash\ns: {md5: bb}", "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 15\nHash=MD5=BB", true},

		{"the envelope's names", "service: system\ns: {Provider_Name: 'Service Control Manager', EventID: 7045, Channel: System, Computer: ws1, Security_UserID: S-1-5-18, Execution_ProcessID: 4}", "System | Service Control Manager | 7045\n@Computer=ws1\n@Security_UserID=S-1-5-18\n@Execution_ProcessID=4\nA=x", true},
		{"data that stand twice match by either", "service: application\ns: {Name: two}", "Application | Else | 1\nName=one\nName=two", true},
		{"numbered data are unnamed ones by place", "service: application\ns: {param2: two}", "Application | Else | 1\n=one\n=two", true},
		{"a number beyond them is null", "service: application\ns: {param3: null}", "Application | Else | 1\n=one\n=two", true},
		{"a message that is not in the record is known by its data", "service: application\ns: {Provider_Name: MsiInstaller, Message|contains: AteraAgent}", "Application | MsiInstaller | 1033\n=AteraAgent\n=1.0", true},
		{"but not by the words between them", "service: application\ns: {Message|contains: 'Windows Installer installed'}", "Application | MsiInstaller | 1033\n=AteraAgent\n=1.0", false},
		{"a message in the record is the message", "service: application\ns: {Message|contains: 'Windows Installer'}", "Application | MsiInstaller | 1033\n=AteraAgent\nMessage=Windows Installer installed it", true},
		{"a crash has its fields by place", "service: application\ns: {AppName: lsass.exe, ModuleName: wldap32.dll, ExceptionCode: c0000001}", appCrash, true},
		{"another provider's data are no crash", "service: application\ns: {AppName: lsass.exe}", "Application | Else | 1000\n=lsass.exe", false},
		{"category and service both hold", "category: process_creation, service: sysmon\ns: {EventID: 4688}", audit, false},
		{"a rule of all of Windows", "definition: none\ns: {EventID: 4688}", audit, true},

		{"NXLog's word is not the record's", registry + "s: {EventType: INFO}", shipped + "Message=Registry value set:\n\tEventType: SetValue\n\tImage: x", false},
		{"what NXLog wrote over is in the message", registry + "s: {EventType: SetValue}", shipped + "Message=Registry value set:\n\tEventType: SetValue\n\tImage: x", true},
		{"a pipeline keeps NXLog's word apart", registry + "s: {EventType: SetValue}", strings.Replace(shipped, "EventType=INFO", "EventType=SetValue\nEventTypeOrignal=INFO", 1), true},
		{"the Elastic Common Schema", creation + "s: {Image|endswith: '\\a.exe', User: 'CORP\\ana', sha256: aa}", process + "process.executable=C:\\a.exe\nuser.domain=CORP\nuser.name=ana\nprocess.hash.sha256=AA", true},
		{"the schema's direction", "category: network_connection\ns: {Initiated: 'true'}", "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 3\nnetwork.direction=egress", true},
		{"a hunting table's parent is one path", creation + "s: {ParentImage|endswith: '\\system32\\svchost.exe'}", hunted + "ActionType=ProcessCreated\nFolderPath=C:\\a.exe\nInitiatingProcessFolderPath=c:\\windows\\system32\nInitiatingProcessFileName=svchost.exe", true},
		{"a hunting table's file has the command line of who made it", "category: file_event\ns: {CommandLine|contains: ' -x', TargetFilename|endswith: '\\f'}", hunted + "ActionType=FileCreated\nFolderPath=C:\\f\nFileName=f\nInitiatingProcessCommandLine=a -x", true},
		{"a hunting table's connection was opened", "category: network_connection\ns: {Initiated: 'true', DestinationIp: 1.2.3.4, DestinationPort: 443}", hunted + "ActionType=ConnectionSuccess\nRemoteIP=1.2.3.4\nRemotePort=443\nLocalIP=10.0.0.1\nLocalPort=5", true},
		{"or accepted", "category: network_connection\ns: {Initiated: 'false', DestinationIp: 10.0.0.1, DestinationPort: 5}", hunted + "ActionType=InboundConnectionAccepted\nRemoteIP=1.2.3.4\nRemotePort=443\nLocalIP=10.0.0.1\nLocalPort=5", true},
		{"a hunting table's value", registry + "s: {TargetObject: 'HKLM\\SYSTEM\\CurrentControlSet\\X\\V', Details: 'DWORD (0x0000000a)', EventType: SetValue}", hunted + "ActionType=RegistryValueSet\nRegistryKey=HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\X\nRegistryValueName=V\nRegistryValueType=Dword\nRegistryValueData=10", true},

		{"keywords look at unnamed data", "service: application\ns: [needle]", "Application | Else | 1\n=a needle", true},
		{"keywords look at named data", "service: application\ns: [needle]", "Application | Else | 1\nA=a needle", true},
		{"keywords look at what conversions hide", registry + "s: [INFO]", shipped, true},
		{"keywords do not look at names", "service: application\ns: [needle]", "Application | Else | 1\nneedle=x", false},
		{"all of several keywords, each in another value", "service: application\ns: {'|all': [one, two]}", "Application | Else | 1\n=one\n=two", true},
	} {
		t.Run(c.says, func(t *testing.T) {
			rec := recordtest.One(t, c.record)
			for _, r := range []*recordtest.Record{rec, rec.UTF16()} {
				if got := matches(t, c.rule, r); got != c.want {
					t.Errorf("the rule matches: %v", got)
				}
			}
		})
	}
}

// TestAListOfUnnamedDataIsReadAsSeveral: EVTX files state the unnamed data of old providers as one list.
func TestAListOfUnnamedDataIsReadAsSeveral(t *testing.T) {
	text := strings.ReplaceAll(details, "\n\t", "\r\n")
	for _, rec := range []*recordtest.Record{
		recordtest.One(t, "Windows PowerShell | PowerShell | 400\n=").List("Available", "None", text),
		recordtest.One(t, "Windows PowerShell | PowerShell | 400\nData=").List("Available", "None", text),
	} {
		for rule, want := range map[string]bool{
			"s: {HostApplication|startswith: 'powershell -c', EngineVersion: '2.0'}": true,
			"s: {CommandLine: ''}":             true,
			"s: {NewEngineState: Available}":   true,
			"s: {Data: Available}":             true,
			"s: {param2: None}":                true,
			"s: {Data|contains: HostName=Con}": true,
			"s: {ScriptName|exists: true}":     false,
			"s: {HostName: ''}":                false,
		} {
			if got := matches(t, "category: ps_classic_start\n"+rule, rec); got != want {
				t.Errorf("%s matches: %v", rule, got)
			}
		}
	}
}

// TestConversionsOfAnythingStayWhole: whatever a record states, a conversion keeps what stood before and ends every text.
func TestConversionsOfAnythingStayWhole(t *testing.T) {
	fields := strings.Fields("Image ParentImage User IntegrityLevel TargetObject Details EventType md5 HostApplication AppName param2 Initiated DestinationIp SourcePort Data")
	asked := 0
	for _, head := range []string{audit, audited + "OperationType=x\n", classic, appCrash, process + "Hashes=x\n", shipped + "Message=x\n", hunted + "ActionType=x\nFolderPath=x\nRegistryKey=x\nRegistryValueType=x\nRegistryValueData=x\nRemoteIP=x\n"} {
		rec := recordtest.One(t, head)
		for _, text := range []string{"", "-", "\x00", "=", "a=b\n\tc", "%%1876", "HostApplication=", strings.Repeat("HostApplication=\n", 50), "S-1-16-12288", "\xff\xfe", strings.Repeat("A", 5000)} {
			for _, category := range []string{"process_creation", "registry_set", "registry_delete", "ps_classic_start", "network_connection"} {
				for _, field := range fields {
					at, convert := winlog.RuleField(rec, "category:"+category, field)
					if convert == nil {
						continue
					}
					asked++
					list := strings.Repeat(text+"\x00", len(at))
					got := string(convert([]byte("before\x00"), []byte(list)))
					if !strings.HasPrefix(got, "before\x00") || !strings.HasSuffix(got, "\x00") {
						t.Errorf("%s of %.20q is %.60q", field, text, got)
					}
				}
			}
		}
	}
	if asked < 1000 {
		t.Errorf("only %d conversions were asked", asked)
	}
}

// TestConversionsAllocateNothing: they are made for every record that a rule looks at.
func TestConversionsAllocateNothing(t *testing.T) {
	asked := 0
	for _, record := range []string{audit + "MandatoryLabel=S-1-16-12288\nSubjectUserSid=S-1-5-18\nSubjectUserName=WS1$", audited + "OperationType=%%1905", classic + "=" + details, process + "Hashes=MD5=AA,SHA256=BB", hunted + "ActionType=InboundConnectionAccepted\nRemoteIP=::1\nLocalIP=::1\nFolderPath=a.exe"} {
		rec := recordtest.One(t, record)
		for _, category := range []string{"process_creation", "registry_set", "network_connection", "file_event"} {
			for _, field := range strings.Fields("Image User IntegrityLevel TargetObject Details EventType sha256 EngineVersion Initiated SourceIp TargetFilename") {
				at, convert := winlog.RuleField(rec, "category:"+category, field)
				if convert == nil {
					continue
				}
				asked++
				var list []byte
				for _, h := range at {
					list = append(rec.Value(h).AppendText(list), 0)
				}
				dst := make([]byte, 0, 4096)
				if n := testing.AllocsPerRun(50, func() { dst = convert(dst[:0], list) }); n != 0 {
					t.Errorf("%s of %s: %v allocations", field, category, n)
				}
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d conversions were asked", asked)
	}
}
