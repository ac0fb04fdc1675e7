package lolbas

import "strings"

// Class says how ordinary it is that an entry runs at all, before anything
// else is known about the execution.
type Class string

// The classes, from most to least ordinary. The names in JSON are stable.
const (
	Everyday  Class = "everyday"  // runs all day on ordinary hosts, started by Windows, by updaters or by people at their work
	AdminTool Class = "admin"     // administrators and management scripts run it
	Developer Class = "developer" // belongs to SDKs, debuggers, compilers and .NET tools
	Optional  Class = "optional"  // comes with a product that not every host has
	Rare      Class = "rare"      // practically never run for its own purpose in an enterprise
)

// classes of all entries by name in lower case, with the reason of each.
func classes() map[string]classRow {
	all := map[string]classRow{}
	for _, table := range []struct {
		class Class
		rows  string
	}{{Everyday, everyday}, {AdminTool, admin}, {Developer, developer}, {Optional, optional}, {Rare, rare}} {
		for row := range strings.Lines(table.rows) {
			if name, reason, found := strings.Cut(strings.TrimSpace(row), ": "); found {
				all[name] = classRow{table.class, reason}
			}
		}
	}
	return all
}

type classRow struct {
	class  Class
	reason string
}

const everyday = `
advpack.dll: loaded by installers and Internet Explorer components
atbroker.exe: Windows starts it at sign-in and unlock to manage accessibility features
cmd.exe: the command shell: installers, agents and scripts start it all day
comsvcs.dll: part of COM+, loaded by many services
conhost.exe: Windows starts one beside every console program
control.exe: opens control panel pages for users and for the shell
csc.exe: .NET itself compiles serialisers and PowerShell's Add-Type with it, on hosts without any developer
cscript.exe: logon scripts, printer and licensing scripts and management agents run in it
desk.cpl: display settings, opened through the shell
dfshim.dll: loaded whenever a ClickOnce application starts
excel.exe: Office: people work in it all day
expand.exe: Windows Update and installers unpack cabinets with it
explorer.exe: the desktop itself, one per signed-in user
findstr.exe: batch files of installers and agents filter text with it
gpscript.exe: Group Policy runs logon and startup scripts through it
ie4uinit.exe: runs once per user at first sign-in to set up Internet Explorer
ieadvpack.dll: loaded by Internet Explorer set-up components
ieframe.dll: loaded by everything that embeds the browser control
makecab.exe: Windows packs its component logs with it
mmc.exe: hosts every management console
mofcomp.exe: installers and agents register WMI classes with it
mpcmdrun.exe: Defender starts it for scheduled scans and updates
msaccess.exe: Office: people work in it all day
msedge.exe: the browser that comes with Windows
msedge_proxy.exe: starts web applications that Edge installed
msedgewebview2.exe: widgets, Teams and many applications show web pages in it
mshtml.dll: loaded by everything that renders HTML the old way
msiexec.exe: the installer service: every MSI installation and repair
msohtmed.exe: opens Office documents saved as HTML
msoxmled.exe: opens XML files with the Office application they name
mspub.exe: Office: people work in it all day
netsh.exe: installers and VPN clients add firewall rules and settings with it
ngen.exe: a scheduled task of .NET compiles assemblies with it when the host is idle
onedrivestandaloneupdater.exe: a scheduled task per user updates OneDrive with it
openconsole.exe: the console host of the Windows Terminal, beside every console program
outlook.exe: Office: open all day wherever Office is installed
pcalua.exe: the compatibility assistant starts old installers through it
powerpnt.exe: Office: people work in it all day
powershell.exe: administration, agents and installers run scripts in it
presentationhost.exe: shows WPF pages; started by the shell for its file types
protocolhandler.exe: opens Office documents from links
provlaunch.exe: a scheduled task applies provisioning packages with it
reg.exe: installers, logon scripts and agents read and write values with it
regsvr32.exe: installers and updates register components with it
rundll32.exe: the shell, printing and scheduled tasks run DLL functions in it
runonce.exe: Windows starts it at sign-in to run the RunOnce keys
sc.exe: installers and updaters create and start services with it
schtasks.exe: installers and updaters create their scheduled tasks with it
scrobj.dll: loaded by everything that runs Windows Script components
settingsynchost.exe: synchronises settings of signed-in users in the background
setupapi.dll: loaded by everything that installs a device
shdocvw.dll: loaded by the shell and the browser control
shell32.dll: the shell's own library, loaded by nearly every program
shimgvw.dll: the picture viewer, called by the shell when an image is opened
squirrel.exe: starts and updates desktop applications per user, at every sign-in
teams.exe: the classic Teams client: starts at every sign-in
unregmp2.exe: runs once per user at first sign-in to set up Media Player
update.exe: starts and updates desktop applications per user, at every sign-in
url.dll: internet shortcuts, called by the shell when one is opened
verclsid.exe: the shell checks each extension with it before loading it
visio.exe: Office: people work in it all day
winproj.exe: Office: people work in it all day
winword.exe: Office: people work in it all day
wlrmdr.exe: Windows logon shows reminders with it
wscript.exe: logon scripts and double-clicked scripts run in it
wsreset.exe: a scheduled task and the Store's own repair reset its cache
wuauclt.exe: the Windows Update client, started by its service
zipfldr.dll: compressed folders, called by the shell when one is opened
`

const admin = `
at.exe: scheduled commands before Windows 8; deprecated, still in old scripts
bitsadmin.exe: manages BITS downloads; deprecated, in older deployment scripts
certoc.exe: installs certificates on Server and Nano images
certreq.exe: certificate requests, by auto-enrolment scripts and PKI administrators
certutil.exe: certificate stores and hashes, by PKI administrators and installers
change.exe: terminal server settings such as install mode
cipher.exe: file encryption and wiping free space
cmdkey.exe: stores credentials for scripts and remote desktop
cmstp.exe: installs VPN profiles made with the Connection Manager kit
colorcpl.exe: colour management, opened by users with calibrated screens
computerdefaults.exe: default programs, opened from settings
configsecuritypolicy.exe: manages policies of Defender
diantz.exe: packs cabinets; the old name of makecab
diskshadow.exe: shadow copies, by backup jobs on servers
dnscmd.exe: administration of DNS servers
dsdbutil.exe: maintenance of directory databases on domain controllers
esentutl.exe: repairs and copies ESE databases, by Exchange and directory administrators
eventvwr.exe: opens the event viewer
extrac32.exe: unpacks cabinets in old set-up scripts
fltmc.exe: lists and unloads filter drivers; scripts also use it to test for elevation
forfiles.exe: batch files clean up old files with it
fsutil.exe: volume and file system settings; scripts also use it to test for elevation
ftp.exe: file transfers in old batch jobs
hh.exe: shows compiled help files
infdefaultinstall.exe: installs from an INF file when a user chooses Install
iscsicpl.exe: iSCSI settings on hosts with storage networks
ldifde.exe: imports and exports directory objects
manage-bde.wsf: BitLocker scripts of older Windows versions
msconfig.exe: boot and service settings during troubleshooting
msdt.exe: the troubleshooting wizard, started from settings and by support
ntdsutil.exe: maintenance of Active Directory databases
odbcad32.exe: data source settings, opened by administrators and users of databases
odbcconf.exe: installers of database drivers register with it
pcwrun.exe: the compatibility troubleshooter, started from a file's menu
pcwutl.dll: the compatibility troubleshooter's library
pktmon.exe: packet captures during network troubleshooting
pnputil.exe: driver packages, by installers and deployment scripts
print.exe: prints text files in old batch jobs
printbrm.exe: migrates print queues between print servers
procdump.exe: dumps of crashing programs, for support cases
psr.exe: the steps recorder, used with the help desk
pubprn.vbs: publishes printers in Active Directory
query.exe: sessions and users on terminal servers
regedit.exe: the registry editor; also imports .reg files in scripts
regini.exe: sets registry values and permissions in old scripts
register-cimprovider.exe: installers of management software register providers with it
replace.exe: replaces files in old batch jobs
reset.exe: ends sessions on terminal servers
rpcping.exe: tests RPC connections, mostly of Exchange
scp.exe: copies files over SSH
scriptrunner.exe: runs the scripts of App-V packages
sftp.exe: transfers files over SSH
sigverif.exe: checks driver signatures by hand
ssh.exe: remote shells, by administrators and developers
stordiag.exe: collects storage diagnostics for support
syncappvpublishingserver.exe: a scheduled task on App-V clients
syncappvpublishingserver.vbs: a scheduled task on App-V clients
tar.exe: packs and unpacks archives in scripts
wbadmin.exe: Windows backup on servers
wbemtest.exe: tests WMI queries by hand
winget.exe: installs and updates applications
winrm.vbs: configures remote management, by winrm.cmd
wmic.exe: WMI queries in inventory and old administration scripts; deprecated
write.exe: opens the old text editor
xwizard.exe: hosts wizards that the shell opens, for networks above all
`

const developer = `
acccheckconsole.exe: accessibility checker of the Windows SDK
addinutil.exe: builds caches of .NET add-ins at development time
adplus.exe: dumps of crashes, from the debugging tools
appcert.exe: certifies applications before they go to the Store
aspnet_compiler.exe: precompiles web applications on build and web servers
bash.exe: the old launcher of the Linux subsystem
cdb.exe: the console debugger
code.exe: Visual Studio Code
createdump.exe: .NET starts it when a program crashes
csi.exe: the C# script console
datasvcutil.exe: generates data service clients at development time
devinit.exe: sets up development machines
devtoolslauncher.exe: starts remote debugging of Windows applications
devtunnel.exe: exposes a developer's local port to the internet
dotnet.exe: runs and builds .NET applications
dump64.exe: dumps Visual Studio when it crashes
dumpminitool.exe: dumps hanging tests, started by the test host
dxcap.exe: captures graphics frames
ecmangen.exe: edits manifests of event providers
fsi.exe: the F# console
fsianycpu.exe: the F# console
ilasm.exe: assembles .NET code
installutil.exe: installs services written in .NET
intellitrace.exe: collects diagnostic traces for Visual Studio
jsc.exe: the JScript.NET compiler
launch-vsdevshell.ps1: opens the developer shell of Visual Studio
logger.exe: logs API calls, from the debugging tools
mftrace.exe: traces Media Foundation, from the Windows SDK
microsoft.nodejstools.pressanykey.exe: keeps the console of a Node.js project open
microsoft.workflow.compiler.exe: compiles workflows
mpiexec.exe: starts parallel computations on clusters
msbuild.exe: builds projects
nmcap.exe: captures packets, from Network Monitor
ntsd.exe: the console debugger
pester.bat: runs PowerShell tests
pixtool.exe: captures graphics frames
regasm.exe: registers .NET assemblies for COM, also in installers
regsvcs.exe: registers .NET components in COM+, also in installers
remote.exe: shares a debugger's console, from the debugging tools
te.exe: runs driver and Windows tests
testwindowremoteagent.exe: runs tests of Visual Studio on other machines
tracker.exe: MSBuild starts it to record the file access of C++ builds
ttdinject.exe: records a process for time travel debugging
tttracer.exe: records a process for time travel debugging
vbc.exe: the Visual Basic compiler, also started by .NET itself
visualuiaverifynative.exe: tests accessibility interfaces
vsdiagnostics.exe: profiles programs from Visual Studio
vshadow.exe: sample tool for shadow copies, from the Windows SDK
vsiisexelauncher.exe: starts web projects from Visual Studio
vsjitdebugger.exe: Windows starts it when a program crashes on a host with Visual Studio
vslaunchbrowser.exe: opens a browser from Visual Studio
vsls-agent.exe: the agent of shared editing sessions
vstest.console.exe: runs unit tests on developer and build hosts
wfc.exe: compiles workflows
windbg.exe: the debugger
wsl.exe: the Linux subsystem, used by developers
wt.exe: the Windows Terminal
xbootmgr.exe: measures boot and shutdown, from the performance toolkit
xbootmgrsleep.exe: measures sleep, from the performance toolkit
xsd.exe: generates classes from XML schemas
`

const optional = `
agentexecutor.exe: Intune runs its scripts through it on managed hosts
appinstaller.exe: installs application packages that users open
applauncher.exe: starts applications under User Experience Virtualization
appvlp.exe: starts programs inside the virtual environment of Office
bcp.exe: bulk copies from and to SQL Server
bginfo.exe: writes host facts on the desktop background at sign-in
coregen.exe: precompiles assemblies of Silverlight, now unsupported
defaultpack.exe: sets Bing as default search
dfsvc.exe: installs and updates ClickOnce applications
dtutil.exe: manages packages of SQL Server Integration Services
gfxdownloadwrapper.exe: Intel graphics drivers download game settings with it
iediagcmd.exe: collects diagnostics of Internet Explorer
mavinject.exe: App-V and click-to-run Office inject their libraries with it
mscopilot.exe: the Copilot application
mscopilot_proxy.exe: starts web applications of Copilot
msdeploy.exe: deploys web sites to IIS
mshta.exe: runs HTML applications, which a few old in-house tools still are
photoviewer.dll: the old photo viewer, called by the shell when an image is opened
sqldumper.exe: dumps SQL Server and Office when they crash
sqlps.exe: the PowerShell of SQL Server; agent jobs run in it
sqltoolsps.exe: the PowerShell of SQL Server Management Studio
wab.exe: the address book of old mail programs
winfile.exe: the classic file manager
workfolders.exe: synchronises files with a company server
wsb.exe: manages Windows Sandbox
`

const rare = `
cl_invocation.ps1: part of a troubleshooting pack, never run by hand
cl_loadassembly.ps1: part of a troubleshooting pack of old Windows versions, never run by hand
cl_mutexverifiers.ps1: part of a troubleshooting pack, never run by hand
cmdl32.exe: downloads phone books for VPN profiles that nobody makes any more
customshellhost.exe: starts the custom shell of kiosk devices only
desktopimgdownldr.exe: fetches the lock screen image on hosts personalised by policy
devicecredentialdeployment.exe: runs while credentials are deployed during set-up only
dnx.exe: the runtime of ASP.NET before version 1.0, abandoned in 2016
eudcedit.exe: edits private characters of East Asian fonts
extexport.exe: exports favourites for Internet Explorer
finger.exe: asks a protocol that no service speaks any more
ieexec.exe: starts .NET programs from web addresses, abandoned with .NET 4
imewdbld.exe: imports dictionaries of East Asian input methods
msxsl.exe: a command-line XSL processor, last released in 2004
offlinescannershell.exe: runs in the offline scan environment of Defender only
rasautou.exe: dials a connection automatically, for modems
rcsi.exe: a preview of the C# script console, abandoned in 2014
rdrleakdiag.exe: diagnoses memory leaks, started by Windows for known programs only
runexehelper.exe: an internal helper without documented use
runscripthelper.exe: ran scripts of the telemetry client in 2017 only
setres.exe: sets the screen resolution of Server Core
setupugc.exe: runs during set-up of Windows only
syssetup.dll: the set-up library of Windows 2000 and XP
utilityfunctions.ps1: part of a troubleshooting pack, never run by hand
wfmformat.exe: a sample tool without an installer
`
