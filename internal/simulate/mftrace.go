package simulate

import (
	_ "embed"
	"fmt"
	"time"
)

//go:embed mftrace.md
var mftracePage string

// Truth is what was behind an execution that somebody may come to ask about.
type Truth struct {
	Process *Process
	Abuse   bool
	Shown   bool // the evidence suffices to tell
	Says    string
}

// Scenario is an estate on which something happened, and the truth about it.
type Scenario struct {
	Estate *Estate
	Truth  []Truth

	page string // template of the page that tells it
}

// story is a scenario in the making.
type story struct {
	*Scenario
	from time.Time // the first day
}

// day is a day of the story by its number.
func (s *story) day(n int) time.Time { return s.from.AddDate(0, 0, n) }

func (s *story) truth(p *Process, abuse, shown bool, says string) {
	s.Truth = append(s.Truth, Truth{p, abuse, shown, says})
}

// Mftrace tells of four weeks on an estate where mftrace.exe, a signed tracing tool of the Windows SDK, runs on three hosts: for its
// own purpose on a developer's, as the carrier of a foreign program on an accountant's, and for a purpose that the evidence does not
// show on a test bench. Three more hosts do their daily work.
func Mftrace() *Scenario {
	s := &story{&Scenario{page: mftracePage, Estate: NewEstate("brightwater.example", "BRIGHTWATER", "S-1-5-21-2714058831-1190736454-3305127718")}, time.Date(2024, 2, 12, 0, 0, 0, 0, time.UTC)}
	s.developer()
	s.accountant()
	s.tester()
	s.helpDesk()
	s.fileServer()
	s.sales()
	return s.Scenario
}

// workstation is a host with Sysmon and the logons of the Security log.
func (s *story) workstation(short, ip string, boot int) *Host {
	return s.Estate.Host(short, ip, at(s.day(boot), 5, 12, 9), Logging{Sysmon: true, Logons: true})
}

// belongs puts a host into the inventory.
func (h *Host) belongs(owner, department, role string) {
	h.Owner, h.Department, h.Role = owner, department, role
}

// weekday tells whether people work on a day of the story.
func (s *story) weekday(n int) bool {
	d := s.day(n).Weekday()
	return d != time.Saturday && d != time.Sunday
}

// The tracing tool and its library as the SDK installs them, and as the intruder brings them along.
var (
	mftraceExe   = Program{Path: kitFolder + "mftrace.exe", OriginalName: "mftrace.exe", Description: "Media Foundation Tracing Application", Maker: tracing}
	mfdetoursDLL = Program{Path: kitFolder + "mfdetours.dll", OriginalName: "mfdetours.dll", Description: "Media Foundation Tracing Application", Maker: tracing}
	detouredDLL  = Program{Path: kitFolder + "detoured.dll", OriginalName: "detoured.dll", Description: "Marks process modified by Detours technology.", Maker: tracing}
)

// developer is a month of a developer who builds a media application and traces it when it misbehaves.
func (s *story) developer() {
	h := s.workstation("BW-DEV-07", "10.20.4.17", -1)
	h.belongs("Ines Halvorsen", "Engineering", "developer workstation")
	ines := s.Estate.User("ihalvorsen", false)
	runs := map[int][]int{1: {10}, 3: {10, 14}, 8: {11}, 10: {9}, 16: {15}, 22: {10}, 24: {13}} // day: hours
	build := 0
	for n := range 25 {
		if !s.weekday(n) {
			continue
		}
		day := s.day(n)
		h.upkeep(day)
		d := h.arrive(at(day, 7, 40+n%15, 12), ines)
		studio := d.open(at(day, 7, 58, 3), devenvExe, `"`+devenvExe.Path+`" "C:\Users\ihalvorsen\source\repos\Clipper\Clipper.sln"`)
		var shell *Process
		for _, hour := range runs[n] {
			build++
			begin := at(day, hour, 3+build*11%40, 7)
			clipper := s.build(studio, begin, build)
			trying := begin.Add(time.Duration(200+build*37%190) * time.Second)
			run := traced{clipper, "mftrace  " + traceOptions(build), `x64\Debug\Clipper.exe samples\` + fmt.Sprintf("case%02d.mp4", build)}
			if n == 10 { // from the menu of the development environment, without a shell
				run.tool = `"` + mftraceExe.Path + `" -l 5 -o "` + clipperFolder + `trace.log"`
				run.target = `"` + clipper.Path + `" "` + clipperFolder + `samples\intro.mp4"`
				s.trace(studio, trying, run, build)
				continue
			}
			if shell == nil {
				shell = d.prompt(begin.Add(95 * time.Second))
			}
			s.trace(shell, trying, run, build)
		}
		if n%4 == 1 {
			d.browse(at(day, 16, 5, 0), "docs.media-sdk.example", "git."+s.Estate.Domain)
		}
		d.leave(at(day, 17, 20+n%20, 0))
	}
	h.servicing(at(s.day(15), 12, 40, 0))
}

const clipperFolder = `C:\Users\ihalvorsen\source\repos\Clipper\`

// traceOptions are what the developer types; they differ from time to time.
func traceOptions(build int) string {
	switch build % 3 {
	case 0:
		return `-k MediaSession;Topology -l 5 -o trace.log`
	case 1:
		return `-o trace.log`
	default:
		return `-v -o trace.log`
	}
}

// traced is a run of the tracing tool: its own words on the command line, and the line of what it runs.
type traced struct {
	program      Program
	tool, target string
}

// prompt opens a developer's command prompt.
func (d *desk) prompt(when time.Time) *Process {
	p := d.open(when, cmdExe, `"C:\Windows\System32\cmd.exe" /k "C:\Program Files\Microsoft Visual Studio\2022\Professional\Common7\Tools\VsDevCmd.bat"`)
	d.apps = append(d.apps, p.console())
	p.Brief(when.Add(2*time.Second), regExe, `reg  query "HKLM\SOFTWARE\Wow6432Node\Microsoft\Microsoft SDKs\Windows\v10.0" /v "InstallationFolder"`)
	p.Directory = clipperFolder
	return p
}

// build compiles and links the application. Every build is another file.
func (s *story) build(studio *Process, when time.Time, number int) Program {
	exe := Program{Path: clipperFolder + `x64\Debug\Clipper.exe`, Content: fmt.Sprintf("clipper build %d", number)}
	maker := studio.Start(when, msbuildExe, `"`+msbuildExe.Path+`" /nologo /nodemode:1 /nodeReuse:true /low:false`, In(clipperFolder))
	maker.console()
	maker.Brief(when.Add(2*time.Second), rcExe, `"`+rcExe.Path+`" /D _DEBUG /l"0x0409" /nologo /fo"x64\Debug\Clipper.res" Clipper.rc`)
	maker.Brief(when.Add(4*time.Second), clExe, `"`+clExe.Path+`" @C:\Users\ihalvorsen\AppData\Local\Temp\MSBuildTemp\tmp`+fmt.Sprintf("%08x", uint32(maker.host.dice.next()))+`.rsp`)
	linker := maker.Start(when.Add(19*time.Second), linkExe, `"`+linkExe.Path+`" @C:\Users\ihalvorsen\AppData\Local\Temp\MSBuildTemp\tmp`+fmt.Sprintf("%08x", uint32(maker.host.dice.next()))+`.rsp`)
	linker.WriteProgram(when.Add(21*time.Second), exe)
	linker.Write(when.Add(22*time.Second), clipperFolder+`x64\Debug\Clipper.pdb`)
	maker.Brief(when.Add(22*time.Second), mtExe, `"`+mtExe.Path+`" /nologo /manifest x64\Debug\Clipper.exe.manifest /outputresource:"x64\Debug\Clipper.exe";#1`)
	linker.End(when.Add(24 * time.Second))
	maker.End(when.Add(40 * time.Second))
	return exe
}

// trace runs the application under the tracing tool.
func (s *story) trace(by *Process, when time.Time, run traced, number int) {
	tool := by.Start(when, mftraceExe, run.tool+" "+run.target, In(clipperFolder))
	var window *Process
	if by.Program.Path != cmdExe.Path {
		window = tool.console()
	}
	tool.Load(tool.last, mfdetoursDLL)
	tool.Write(tool.last, clipperFolder+"trace.log")
	app := tool.Start(tool.last, run.program, run.target)
	app.Load(app.last, detouredDLL)
	app.Load(app.last, mfdetoursDLL)
	app.Write(when.Add(50*time.Second), clipperFolder+fmt.Sprintf(`out\clip-%02d.mp4`, number))
	app.End(when.Add(95 * time.Second))
	if window != nil {
		window.End(when.Add(97 * time.Second))
	}
	tool.End(when.Add(97 * time.Second))
	s.truth(tool, false, true, fmt.Sprintf("Ines traces build %d of her own application, linked minutes before.", number))
}

// accountant is a week and a half of an accountant, and the morning on which an invoice turned out to be none.
func (s *story) accountant() {
	h := s.workstation("BW-FIN-03", "10.20.2.33", 13)
	h.Taken = at(s.day(24), 9, 30, 0)
	h.belongs("Tomas Okafor", "Accounting", "office workstation")
	tomas := s.Estate.User("tokafor", false)
	for n := 16; n < 25; n++ {
		if !s.weekday(n) {
			continue
		}
		day := s.day(n)
		h.upkeep(day)
		d := h.arrive(at(day, 7, 55+n%4, 40), tomas)
		if n == 24 {
			s.comesBack(d, at(day, 7, 56, 31))
		}
		mail := d.mail(at(day, 8, 3, 10))
		if n == 24 {
			break
		}
		ledger := d.open(at(day, 8, 9, 0), ledgerExe, "")
		ledger.Query(at(day, 8, 9, 3), "ledger."+s.Estate.Domain, "10.20.0.12")
		ledger.Connect(at(day, 8, 9, 3), "10.20.0.12", "ledger."+s.Estate.Domain, 1433)
		if n == 23 {
			s.invoice(d, mail, at(day, 9, 38, 5))
		} else {
			d.browse(at(day, 9, 40+n%7, 0), "news.daily-post.example", "bank.north-union.example")
		}
		d.edit(at(day, 13, 10+n%9, 0), excelExe, d.home()+`Documents\`, fmt.Sprintf("Receivables week %d.xlsx", 9+n/21), 47)
		if n%2 == 0 {
			reader := d.open(at(day, 15, 2, 0), acrobatExe, `"`+acrobatExe.Path+`" "C:\Users\tokafor\Documents\Statement.pdf"`)
			reader.Brief(reader.last, acrobatExe, `"`+acrobatExe.Path+`" --type=renderer /prefetch:1 "C:\Users\tokafor\Documents\Statement.pdf"`, Integrity("Low"))
			d.print(at(day, 15, 9, 0))
		}
		d.leave(at(day, 17, 1+n%6, 0))
	}
}

// What the intruder sends and where it ends up.
const (
	lureURL      = "https://files.invoice-portal.example/d/0317/Invoice_0317.zip"
	lureIP       = "203.0.113.45"
	beaconName   = "sync.acct-telemetry.example"
	beaconIP     = "198.51.100.77"
	lureFolder   = `C:\Users\tokafor\Downloads\Invoice_0317\`
	publicFolder = `C:\Users\Public\Libraries\`
)

// The renamed tool is genuine, of an older kit; its library and the program that it carries are the intruder's.
var (
	carrierExe = Program{Path: publicFolder + "wmtrace.exe", OriginalName: mftraceExe.OriginalName, Description: mftraceExe.Description, Maker: tracing, Content: "mftrace of kit 19041"}
	plantedDLL = Program{Path: publicFolder + "mfdetours.dll", Content: "planted library"}
	payloadExe = Program{Path: publicFolder + "readerupd.exe", Content: "payload"}
)

// invoice is the intrusion: a link in a mail, an archive, a script, and behind the tracing tool a program that calls home.
func (s *story) invoice(d *desk, mail *Process, when time.Time) {
	later := func(seconds int) time.Time { return when.Add(time.Duration(seconds) * time.Second) }
	browser, talker := d.browse(at(when.Truncate(24*time.Hour), 9, 20, 0), "news.daily-post.example")
	mail.Brief(when, edgeExe, `"`+edgeExe.Path+`" --single-argument `+lureURL)
	talker.Query(later(2), "files.invoice-portal.example", lureIP)
	talker.Connect(later(2), lureIP, "", 443)
	archive := Document(d.home()+`Downloads\Invoice_0317.zip`, "archive of the intruder")
	browser.Write(later(6), archive.Path)
	browser.Mark(later(6), archive, "https://mail.brightwater.example/", lureURL)

	// The user extracts the archive in the desktop, which passes the mark on, and clicks on what looks like the invoice.
	script := Document(lureFolder+"Invoice_0317.pdf.js", "script of the intruder")
	d.shell.Write(later(31), script.Path)
	d.shell.Mark(later(31), script, archive.Path, "")
	parts := []Program{carrierExe, plantedDLL, payloadExe}
	for _, p := range parts {
		inside := p.At(lureFolder + `data\` + p.base())
		d.shell.WriteProgram(later(32), inside)
		d.shell.Mark(later(32), inside, archive.Path, "")
	}
	host := d.shell.Start(later(58), wscriptExe, `"C:\Windows\System32\WScript.exe" "`+script.Path+`"`, In(lureFolder))
	for _, p := range parts {
		host.WriteProgram(later(60), p)
		host.Mark(later(60), p, archive.Path, "")
	}
	carrier := host.Start(later(63), carrierExe, `"`+carrierExe.Path+`" `+payloadExe.Path)
	s.truth(carrier, true, true, "The script of the false invoice starts the renamed tool, which runs the intruder's program.")
	payload := s.carries(d, carrier)
	host.Delete(later(66), payloadExe.At(lureFolder+`data\`+payloadExe.base()))
	host.End(later(67))

	payload.Set(later(75), `HKU\`+d.who.SID+`\Software\Microsoft\Windows\CurrentVersion\Run\MediaTraceHelper`, `"`+carrierExe.Path+`" `+payloadExe.Path)
	s.beacons(payload, later(70), 4)
	s.looksAround(payload, later(330))
	s.beacons(payload, later(420), 9)
}

// carries is what happens inside and beneath the renamed tool.
func (s *story) carries(d *desk, carrier *Process) (payload *Process) {
	window := carrier.console()
	carrier.Load(carrier.last, plantedDLL)
	payload = carrier.Start(carrier.last, payloadExe, payloadExe.Path)
	payload.Load(payload.last, plantedDLL)
	d.apps = append(d.apps, carrier, window, payload)
	return payload
}

// beacons are the payload's calls home, a minute apart give or take.
func (s *story) beacons(payload *Process, when time.Time, n int) {
	payload.Query(when, beaconName, beaconIP)
	for range n {
		payload.Connect(when, beaconIP, "", 443)
		when = when.Add(time.Duration(payload.host.dice.between(52, 68)) * time.Second)
	}
}

// looksAround is what the intruder wants to know first.
func (s *story) looksAround(payload *Process, when time.Time) {
	shell := payload.Start(when, cmdExe, `C:\Windows\system32\cmd.exe /c whoami /groups & ipconfig /all & systeminfo & net group "Domain Admins" /domain & nltest /domain_trusts & tasklist /v`)
	window := shell.console()
	shell.Brief(when.Add(1*time.Second), whoamiExe, `whoami  /groups`)
	shell.Brief(when.Add(3*time.Second), ipconfigExe, `ipconfig  /all`)
	shell.Brief(when.Add(6*time.Second), systeminfoExe, `systeminfo`)
	net := shell.Start(when.Add(14*time.Second), netExe, `net  group "Domain Admins" /domain`)
	net.Brief(net.last, net1Exe, `C:\Windows\system32\net1 group "Domain Admins" /domain`)
	net.End(net.last.Add(2 * time.Second))
	shell.Brief(when.Add(19*time.Second), nltestExe, `nltest  /domain_trusts`)
	shell.Brief(when.Add(23*time.Second), tasklistExe, `tasklist  /v`)
	window.End(when.Add(29 * time.Second))
	shell.End(when.Add(29 * time.Second))
}

// comesBack is the morning after: the value under Run starts everything again.
func (s *story) comesBack(d *desk, when time.Time) {
	carrier := d.shell.Start(when, carrierExe, `"`+carrierExe.Path+`" `+payloadExe.Path)
	s.truth(carrier, true, true, "The value under Run starts the renamed tool again at the next sign-in.")
	payload := s.carries(d, carrier)
	s.beacons(payload, when.Add(8*time.Second), 12)
}

// tester is a bench that records logons and starts of programs in the Security log alone, without command lines.
func (s *story) tester() {
	h := s.Estate.Host("BW-QA-02", "10.20.5.8", at(s.day(20), 5, 2, 0), Logging{Logons: true, Starts: true})
	h.belongs("Piet Sandor", "Quality", "test bench")
	piet := s.Estate.User("psandor", false)
	player := Program{Path: `D:\Builds\2024-03-05\Clipper\Clipper.exe`, Content: "clipper for the bench"}
	tool := mftraceExe.At(`C:\Program Files (x86)\Windows Kits\10\bin\10.0.19041.0\x64\mftrace.exe`)
	for n := 21; n < 24; n++ {
		day := s.day(n)
		h.upkeep(day)
		d := h.arrive(at(day, 8, 20+n, 0), piet)
		d.browse(at(day, 8, 50, 0), "tickets."+s.Estate.Domain)
		d.open(at(day, 10, 3, 0), player, "")
		if n == 22 {
			shell := d.open(at(day, 16, 8, 0), cmdExe, "")
			d.apps = append(d.apps, shell.console())
			run := shell.Start(at(day, 16, 10, 22), tool, `mftrace  -a Clipper.exe -o clipper.etl`)
			d.apps = append(d.apps, run)
			s.truth(run, false, false, "Piet attaches the tool to the player under test. The log has neither the command line nor what came of it.")
		}
		d.edit(at(day, 16, 30, 0), winwordExe, d.home()+`Documents\`, "Test protocol.docx", 22)
		d.leave(at(day, 17, 31, 0))
	}
}

// helpDesk installs, checks and looks after the hosts of others.
func (s *story) helpDesk() {
	h := s.workstation("BW-HD-02", "10.20.1.12", 20)
	h.belongs("Lena Marsh", "IT", "help desk workstation")
	lena := s.Estate.User("lmarsh", true)
	component := Program{Path: `C:\Program Files\Kontora\Ledger\ledgershell.dll`, OriginalName: "ledgershell.dll", Description: "Kontora Ledger shell extension", Maker: ledger}
	for n := 22; n < 25; n++ {
		day := s.day(n)
		h.upkeep(day)
		d := h.arrive(at(day, 7, 30+n%5, 0), lena)
		d.mail(at(day, 7, 41, 0))
		shell := d.open(at(day, 8, 30, 0), cmdExe, "", Elevated())
		d.apps = append(d.apps, shell.console())
		switch n {
		case 22:
			setup := Document(d.home()+`Downloads\Ledger-8.4.2.msi`, "package of the ledger")
			browser, _ := d.browse(at(day, 8, 40, 0), "downloads.kontora.example")
			browser.Write(at(day, 8, 42, 0), setup.Path)
			browser.Mark(at(day, 8, 42, 0), setup, "https://downloads.kontora.example/ledger", "https://downloads.kontora.example/ledger/8.4.2/Ledger-8.4.2.msi")
			shell.Brief(at(day, 8, 44, 0), certutilExe, `certutil  -hashfile "`+setup.Path+`" SHA256`)
			d.install(at(day, 8, 46, 0), shell, setup.Path, component)
		case 23:
			d.shell.Brief(at(day, 9, 12, 0), msraExe, `"C:\Windows\System32\msra.exe" /offerra BW-SAL-11`)
			d.open(at(day, 9, 30, 0), mmcExe, `"C:\Windows\system32\mmc.exe" "C:\Windows\system32\compmgmt.msc" /s`)
			shell.Brief(at(day, 10, 5, 0), gpupdateExe, `gpupdate  /force`)
		case 24:
			shell.Brief(at(day, 9, 3, 0), ipconfigExe, `ipconfig  /flushdns`)
			shell.Brief(at(day, 9, 20, 0), powershellExe, `powershell  -NoProfile -Command "Get-Printer -ComputerName BW-FS-01 | Format-Table Name, PrinterStatus"`)
			d.shell.Brief(at(day, 11, 0, 0), rundll32Exe, `"C:\Windows\system32\rundll32.exe" printui.dll,PrintUIEntry /il`)
		}
		h.Unlock(at(day, 13, 2, 0), lena)
		d.leave(at(day, 16, 33, 0))
	}
}

// fileServer keeps what the others share, and copies it away every night.
func (s *story) fileServer() {
	h := s.Estate.Host("BW-FS-01", "10.20.0.10", at(s.day(-20), 3, 0, 0), Logging{Sysmon: true, Logons: true, Shares: true})
	h.belongs("IT Operations", "IT", "file server")
	backup := s.Estate.User("svc-backup", false)
	readers := []struct {
		who    *Account
		ip     string
		share  string
		folder string
		file   string
	}{
		{s.Estate.User("mweiss", false), "10.20.3.41", `\\*\Sales`, `D:\Shares\Sales`, `Offers\Q1 overview.xlsx`},
		{s.Estate.User("adiallo", false), "10.20.2.30", `\\*\Accounting`, `D:\Shares\Accounting`, `Closing\February.xlsx`},
	}
	for n := 22; n < 25; n++ {
		day := s.day(n)
		h.upkeep(day)
		for i, r := range readers {
			when := at(day, 9+2*i, 14+n%7, 0)
			session := h.Remote(when, r.who, r.ip)
			session.Share(when.Add(time.Second), r.ip, r.share, r.folder, r.file, i == n%2)
			if i == n%2 {
				h.Kernel().Write(when.Add(2*time.Second), r.folder+`\`+r.file)
			}
			session.Close(when.Add(6 * time.Minute))
		}
		night := at(day, 22, 0, 1)
		job := h.Batch(night, backup)
		shell := h.Service("Schedule").Start(night.Add(time.Second), cmdExe, `C:\Windows\system32\cmd.exe /c "C:\Scripts\nightly.cmd"`, As(job))
		window := shell.console()
		shell.Brief(night.Add(2*time.Second), robocopyExe, `robocopy  D:\Shares E:\Mirror /MIR /R:1 /W:1 /NP /LOG:C:\Scripts\nightly.log`)
		shell.Write(night.Add(4*time.Minute), `C:\Scripts\nightly.done`)
		window.End(night.Add(4 * time.Minute))
		shell.End(night.Add(4 * time.Minute))
		job.Close(night.Add(4*time.Minute + time.Second))
	}
	h.servicing(at(s.day(24), 3, 10, 0))
}

// sales is a laptop whose records were collected as JSON lines.
func (s *story) sales() {
	h := s.workstation("BW-SAL-11", "10.20.3.52", 22)
	h.belongs("Noor van Dijk", "Sales", "office laptop")
	h.JSON = true
	noor := s.Estate.User("nvandijk", false)
	for n := 23; n < 25; n++ {
		day := s.day(n)
		h.upkeep(day)
		d := h.arrive(at(day, 8, 31+n%5, 0), noor)
		d.mail(at(day, 8, 40, 0))
		d.open(at(day, 8, 45, 0), teamsExe, `"`+teamsExe.Path+`" --system-initiated`)
		d.browse(at(day, 9, 2, 0), "crm.customer-desk.example", "maps.way-finder.example")
		h.Service("Audiosrv").Brief(at(day, 10, 0, 0), audiodgExe, `C:\Windows\system32\AUDIODG.EXE 0x4b8`)
		d.edit(at(day, 14, 0, 0), winwordExe, d.home()+`Documents\`, "Offer Harbour Freight.docx", 38)
		d.leave(at(day, 17, 45, 0))
	}
}
