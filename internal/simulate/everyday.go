package simulate

import (
	"fmt"
	"time"
)

// at is a time of day, to the second.
func at(day time.Time, hour, minute, second int) time.Time {
	return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
}

// desk is a user who works at a host for a day.
type desk struct {
	host  *Host
	who   *Account
	shell *Process // the user's explorer
	apps  []*Process
}

// arrive signs the user in and starts what starts with the desktop.
func (h *Host) arrive(when time.Time, who *Account) *desk {
	d := &desk{host: h, who: who, shell: h.SignIn(when, who)}
	broker := h.Service("DcomLaunch").Start(when.Add(6*time.Second), runtimeExe, `C:\Windows\System32\RuntimeBroker.exe -Embedding`, As(d.shell.Session))
	d.apps = append(d.apps, broker)
	d.open(when.Add(14*time.Second), oneDriveExe, `"`+oneDriveExe.Path+`" /background`)
	return d
}

// home is the user's profile, with a backslash at the end.
func (d *desk) home() string { return `C:\Users\` + d.who.Name + `\` }

// open starts a program from the desktop; it runs until the user leaves.
func (d *desk) open(when time.Time, program Program, line string, how ...Option) *Process {
	p := d.shell.Start(when, program, line, append([]Option{In(d.home())}, how...)...)
	d.apps = append(d.apps, p)
	return p
}

// leave closes what is open and signs the user out.
func (d *desk) leave(when time.Time) {
	for i := len(d.apps) - 1; i >= 0; i-- {
		when = when.Add(time.Duration(d.host.dice.between(200, 2500)) * time.Millisecond)
		d.apps[i].End(when)
	}
	d.shell.End(when.Add(3 * time.Second))
	d.shell.Session.Close(when.Add(5 * time.Second))
	if full := d.shell.Session.Elevated; full != nil {
		full.Close(when.Add(5 * time.Second))
	}
}

// mail opens the mail program.
func (d *desk) mail(when time.Time) *Process {
	p := d.open(when, outlookExe, "")
	p.Query(when.Add(2*time.Second), "mail."+d.host.estate.Domain, "10.20.0.25")
	p.Connect(when.Add(2*time.Second), "10.20.0.25", "mail."+d.host.estate.Domain, 443)
	p.Write(when.Add(7*time.Second), d.home()+`AppData\Local\Microsoft\Outlook\`+d.who.Name+`@`+d.host.estate.Domain+`.ost.tmp`)
	return p
}

// browse visits sites. The browser's network service, a process of its own, does the talking.
func (d *desk) browse(when time.Time, sites ...string) (browser, talker *Process) {
	browser = d.open(when, edgeExe, `"`+edgeExe.Path+`" --profile-directory=Default`)
	talker = browser.Start(when.Add(time.Second), edgeExe, `"`+edgeExe.Path+`" --type=utility --utility-sub-type=network.mojom.NetworkService --lang=en-GB --service-sandbox-type=none --mojo-platform-channel-handle=2104 /prefetch:3`)
	page := browser.Start(when.Add(2*time.Second), edgeExe, `"`+edgeExe.Path+`" --type=renderer --lang=en-GB --renderer-client-id=6 --mojo-platform-channel-handle=3320 /prefetch:1`, Integrity("Low"))
	d.apps = append(d.apps, talker, page)
	for i, site := range sites {
		then := when.Add(time.Duration(4+40*i) * time.Second)
		ip := fmt.Sprintf("192.0.2.%d", 20+len(site)*7%200)
		talker.Query(then, site, ip)
		talker.Connect(then, ip, "", 443)
	}
	return browser, talker
}

// edit opens a document in its program, saves it as Office does, and closes it.
func (d *desk) edit(when time.Time, program Program, folder, name string, minutes int) {
	p := d.shell.Start(when, program, `"`+program.Path+`" "`+folder+name+`"`, In(folder))
	p.Write(when.Add(3*time.Second), folder+"~$"+name)
	saved := when.Add(time.Duration(minutes) * time.Minute)
	p.Write(saved, fmt.Sprintf(`%s%08X.tmp`, folder, uint32(d.host.dice.next())))
	p.Write(saved, folder+name)
	p.End(saved.Add(21 * time.Second))
}

// print sends a page to the printer.
func (d *desk) print(when time.Time) {
	p := d.shell.Start(when, splwowExe, `C:\Windows\splwow64.exe 8192`)
	p.End(when.Add(2 * time.Minute))
}

// upkeep is what Windows does on a day without anybody's doing.
func (h *Host) upkeep(day time.Time) {
	schedule, com := h.Service("Schedule"), h.Service("DcomLaunch")
	soon := func(hour int) time.Time { return at(day, hour, h.dice.between(1, 58), h.dice.between(1, 58)) }
	morning := soon(8)
	h.ServiceLogon(morning)
	h.services.Brief(morning, sppsvcExe, `C:\Windows\system32\sppsvc.exe`)
	guard := h.defender()
	signatures := guard.Start(soon(9), mpcmdrunExe, `"`+mpcmdrunExe.Path+`" SignatureUpdate -ScheduleJob -RestrictPrivileges`)
	signatures.console().End(signatures.last.Add(4 * time.Second))
	signatures.Query(signatures.last, "definitions.windows-updates.example", "192.0.2.190")
	signatures.Connect(signatures.last, "192.0.2.190", "", 443)
	signatures.End(signatures.last.Add(9 * time.Second))
	guard.Open(soon(10), h.lsass, 0x1000, `C:\Windows\SYSTEM32\ntdll.dll+9fb94|C:\Windows\System32\KERNELBASE.dll+2bb7e|C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24010.12-0\MpSvc.dll+1c0a61`)
	update := schedule.Start(soon(10), edgeUpExe, `"`+edgeUpExe.Path+`" /ua /installsource scheduler`)
	update.Query(update.last, "updates.browser-vendor.example", "192.0.2.77")
	update.Connect(update.last, "192.0.2.77", "", 443)
	update.End(update.last.Add(12 * time.Second))
	schedule.Brief(soon(11), taskhostExe, `taskhostw.exe`)
	schedule.Brief(soon(12), rundll32Exe, `C:\Windows\system32\rundll32.exe C:\Windows\system32\PcaSvc.dll,PcaPatchSdbTask`)
	com.Brief(soon(14), wmiprvseExe, `C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding`)
	h.Service("WSearch").Brief(soon(15), indexerExe, `"C:\Windows\system32\SearchProtocolHost.exe" Global\UsGthrFltPipeMssGthrPipe1_ Global\UsGthrCtrlFltPipeMssGthrPipe1 1 -2147483646 "Software\Microsoft\Windows Search" "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT; MS Search 4.0 Robot)" "C:\ProgramData\Microsoft\Search\Data\Temp\usgthrsvc" "DownLevelDaemon"`)
}

// defender is the running service of the malware protection.
func (h *Host) defender() *Process {
	p := h.svchosts["WinDefend"]
	if p == nil {
		p = h.silent(h.services, msmpengExe, `"`+msmpengExe.Path+`"`)
		h.svchosts["WinDefend"] = p
	}
	return p
}

// servicing installs an update of Windows.
func (h *Host) servicing(when time.Time) {
	worker := h.Service("DcomLaunch").Start(when, tiworkerExe, tiworkerExe.Path+` -Embedding`)
	worker.WriteProgram(when.Add(20*time.Second), system32("mfplat.dll", "mfplat.dll", "Media Foundation Platform DLL").At(`C:\Windows\WinSxS\amd64_microsoft-windows-mfplat_31bf3856ad364e35_10.0.22621.3235_none_7c1fa3dd9d1a1e09\mfplat.dll`))
	worker.Set(when.Add(31*time.Second), `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\SessionsPending\Exclusive`, "DWORD (0x00000000)")
	worker.End(when.Add(3 * time.Minute))
	h.Service("Schedule").Brief(when.Add(4*time.Minute), sdbinstExe, `C:\Windows\system32\compattelrunner.exe -m:aeinv.dll -f:UpdateSoftwareInventoryW`)
}

// install runs a package as a user's click on it does: the client asks, the service writes, registers and cleans up.
func (d *desk) install(when time.Time, by *Process, packageFile string, library Program) {
	client := by.Start(when, msiexecExe, `"C:\Windows\System32\msiexec.exe" /i "`+packageFile+`"`)
	server := d.host.services.Start(when.Add(time.Second), msiexecExe, `C:\Windows\system32\msiexec.exe /V`)
	server.Write(when.Add(3*time.Second), `C:\Windows\Installer\1c8e4f.msi`)
	action := Document(`C:\Windows\Installer\MSI3F2A.tmp`, "custom action of "+packageFile)
	server.Write(when.Add(5*time.Second), action.Path)
	worker := server.Start(when.Add(6*time.Second), msiexecExe, `C:\Windows\System32\MsiExec.exe -Embedding 5D0B6C1C7F0E2B4E8D5C9A7F31E2A6B0 E Global\MSI0000`)
	worker.Brief(when.Add(7*time.Second), rundll32Exe, `rundll32.exe "`+action.Path+`",zzzzInvokeManagedCustomActionOutOfProc SfxCA_258671234 2 Setup.CustomActions!Setup.CustomActions.CheckVersion`)
	server.WriteProgram(when.Add(9*time.Second), library)
	worker.Brief(when.Add(11*time.Second), regsvr32Exe, `"C:\Windows\System32\regsvr32.exe" /s "`+library.Path+`"`)
	server.Set(when.Add(13*time.Second), `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{6C1F0D1E-52A7-4A0B-9D57-2B0E8F4C7A11}\DisplayName`, library.Maker.Product)
	server.Delete(when.Add(15*time.Second), action)
	worker.End(when.Add(16 * time.Second))
	client.End(when.Add(18 * time.Second))
	server.End(when.Add(10 * time.Minute))
}

// console starts the host of a console program's window.
func (p *Process) console() *Process {
	return p.Start(p.last, conhostExe, `\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1`, In(`C:\Windows`))
}
