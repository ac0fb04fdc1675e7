package simulate

// Programs of Windows. The original names are those of its version resources, where many end in ".MUI".
var (
	smssExe     = system32("smss.exe", "smss.exe", "Windows Session Manager")
	wininitExe  = system32("wininit.exe", "WinInit.exe", "Windows Start-Up Application")
	winlogonExe = system32("winlogon.exe", "WINLOGON.EXE", "Windows Logon Application")
	servicesExe = system32("services.exe", "services.exe", "Services and Controller app")
	lsassExe    = system32("lsass.exe", "lsass.exe", "Local Security Authority Process")
	svchostExe  = system32("svchost.exe", "svchost.exe", "Host Process for Windows Services")
	userinitExe = system32("userinit.exe", "USERINIT.EXE", "Userinit Logon Application")
	explorerExe = Program{Path: `C:\Windows\explorer.exe`, OriginalName: "EXPLORER.EXE", Description: "Windows Explorer", Maker: windows}
	sysmonExe   = Program{Path: `C:\Windows\Sysmon64.exe`, OriginalName: "-", Description: "System activity monitor", Maker: inside}

	cmdExe        = system32("cmd.exe", "Cmd.Exe", "Windows Command Processor")
	conhostExe    = system32("conhost.exe", "CONHOST.EXE", "Console Window Host")
	powershellExe = system32(`WindowsPowerShell\v1.0\powershell.exe`, "PowerShell.EXE", "Windows PowerShell")
	rundll32Exe   = system32("rundll32.exe", "RUNDLL32.EXE", "Windows host process (Rundll32)")
	regsvr32Exe   = system32("regsvr32.exe", "REGSVR32.EXE", "Microsoft(C) Register Server")
	certutilExe   = system32("certutil.exe", "CertUtil.exe", "CertUtil.exe")
	whoamiExe     = system32("whoami.exe", "whoami.exe", "whoami - displays logged on user information")
	netExe        = system32("net.exe", "net.exe", "Net Command")
	net1Exe       = system32("net1.exe", "net1.exe", "Net Command")
	nltestExe     = system32("nltest.exe", "nltestrk.exe", "Microsoft® Logon Server Test Utility")
	wscriptExe    = system32("wscript.exe", "wscript.exe", "Microsoft ® Windows Based Script Host")
	ipconfigExe   = system32("ipconfig.exe", "ipconfig.exe", "IP Configuration Utility")
	systeminfoExe = system32("systeminfo.exe", "sysinfo.exe", "Displays system information")
	tasklistExe   = system32("tasklist.exe", "tasklist.exe", "Lists the current running tasks")
	regExe        = system32("reg.exe", "reg.exe", "Registry Console Tool")
	msiexecExe    = system32("msiexec.exe", "msiexec.exe", "Windows® installer")
	msraExe       = system32("msra.exe", "msra.exe", "Windows Remote Assistance")
	gpupdateExe   = system32("gpupdate.exe", "GPUpdate.exe", "Microsoft® Group Policy Update Utility")
	taskhostExe   = system32("taskhostw.exe", "taskhostw.exe", "Host Process for Windows Tasks")
	runtimeExe    = system32("RuntimeBroker.exe", "RuntimeBroker.exe", "Runtime Broker")
	audiodgExe    = system32("audiodg.exe", "audiodg.exe", "Windows Audio Device Graph Isolation")
	indexerExe    = system32("SearchProtocolHost.exe", "SearchProtocolHost.exe", "Microsoft Windows Search Protocol Host")
	sppsvcExe     = system32("sppsvc.exe", "sppsvc.exe", "Microsoft Software Protection Platform Service")
	wmiprvseExe   = system32(`wbem\WmiPrvSE.exe`, "Wmiprvse.exe", "WMI Provider Host")
	tiworkerExe   = Program{Path: `C:\Windows\WinSxS\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10.0.22621.3150_none_e9a2b2a2c1c9ac1b\TiWorker.exe`, OriginalName: "TiWorker.exe", Description: "Windows Modules Installer Worker", Maker: windows}
	splwowExe     = Program{Path: `C:\Windows\splwow64.exe`, OriginalName: "splwow64.exe", Description: "Print driver host for applications", Maker: windows}
	mmcExe        = system32("mmc.exe", "mmc.exe", "Microsoft Management Console")
	robocopyExe   = system32("Robocopy.exe", "RoboCopy.EXE", "Microsoft® Robocopy")
	sdbinstExe    = system32("CompatTelRunner.exe", "CompatTelRunner.exe", "Microsoft Compatibility Telemetry")
	mpcmdrunExe   = Program{Path: `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24010.12-0\MpCmdRun.exe`, OriginalName: "MpCmdRun.exe", Description: "Microsoft Malware Protection Command Line Utility", Maker: defender}
	msmpengExe    = Program{Path: `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24010.12-0\MsMpEng.exe`, OriginalName: "MsMpEng.exe", Description: "Antimalware Service Executable", Maker: defender}
)

// Programs that people use.
var (
	outlookExe  = officeProgram("OUTLOOK.EXE", "Outlook.exe", "Microsoft Outlook")
	excelExe    = officeProgram("EXCEL.EXE", "Excel.exe", "Microsoft Excel")
	winwordExe  = officeProgram("WINWORD.EXE", "WinWord.exe", "Microsoft Word")
	edgeExe     = Program{Path: `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, OriginalName: "msedge.exe", Description: "Microsoft Edge", Maker: edge}
	edgeUpExe   = Program{Path: `C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe`, OriginalName: "msedgeupdate.dll", Description: "Microsoft Edge Update", Maker: updater}
	teamsExe    = Program{Path: `C:\Program Files\WindowsApps\MSTeams_24033.811.2738.2546_x64__8wekyb3d8bbwe\ms-teams.exe`, OriginalName: "msteams.exe", Description: "Microsoft Teams", Maker: teamsApp}
	oneDriveExe = Program{Path: `C:\Program Files\Microsoft OneDrive\OneDrive.exe`, OriginalName: "OneDrive.exe", Description: "Microsoft OneDrive", Maker: driveSync}
	acrobatExe  = Program{Path: `C:\Program Files\Adobe\Acrobat DC\Acrobat\Acrobat.exe`, OriginalName: "Acrobat.exe", Description: "Adobe Acrobat", Maker: reader}
	ledgerExe   = Program{Path: `C:\Program Files\Kontora\Ledger\ledger.exe`, OriginalName: "ledger.exe", Description: "Kontora Ledger", Maker: ledger}
)

// Programs of developers.
var (
	devenvExe  = Program{Path: `C:\Program Files\Microsoft Visual Studio\2022\Professional\Common7\IDE\devenv.exe`, OriginalName: "devenv.exe", Description: "Microsoft Visual Studio 2022", Maker: studio}
	msbuildExe = Program{Path: `C:\Program Files\Microsoft Visual Studio\2022\Professional\MSBuild\Current\Bin\amd64\MSBuild.exe`, OriginalName: "MSBuild.exe", Description: "MSBuild.exe", Maker: studio}
	clExe      = Program{Path: `C:\Program Files\Microsoft Visual Studio\2022\Professional\VC\Tools\MSVC\14.39.33519\bin\Hostx64\x64\cl.exe`, OriginalName: "CL.exe", Description: "Microsoft® C/C++ Compiler Driver", Maker: toolchain}
	linkExe    = Program{Path: `C:\Program Files\Microsoft Visual Studio\2022\Professional\VC\Tools\MSVC\14.39.33519\bin\Hostx64\x64\link.exe`, OriginalName: "LINK.EXE", Description: "Microsoft® Incremental Linker", Maker: toolchain}
	rcExe      = kitProgram("rc.exe", "rc.exe", "Microsoft® Resource Compiler")
	mtExe      = kitProgram("mt.exe", "mt.exe", "Microsoft® Manifest Tool")
)

// kitFolder is where the software development kit puts its programs.
const kitFolder = `C:\Program Files (x86)\Windows Kits\10\bin\10.0.22621.0\x64\`

func officeProgram(name, original, description string) Program {
	return Program{Path: `C:\Program Files\Microsoft Office\root\Office16\` + name, OriginalName: original, Description: description, Maker: office}
}

func kitProgram(name, original, description string) Program {
	return Program{Path: kitFolder + name, OriginalName: original, Description: description, Maker: kit}
}
