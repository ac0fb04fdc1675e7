package lolbas

// known are locations that LOLBAS omits, in the form of its own paths: from
// Microsoft's documentation and default installations.
var known = map[string][]string{
	"mftrace.exe": {
		`C:\Program Files\Microsoft SDKs\Windows\v7.1\Bin\mftrace.exe`, // Windows SDK for Windows 7
		`C:\Program Files\Microsoft SDKs\Windows\v7.1\Bin\x64\mftrace.exe`,
	},
	"msbuild.exe": {
		`C:\Program Files\Microsoft Visual Studio\<version>\Community\MSBuild\Current\Bin\MSBuild.exe`,
		`C:\Program Files\Microsoft Visual Studio\<version>\Community\MSBuild\Current\Bin\amd64\MSBuild.exe`,
		`C:\Program Files (x86)\MSBuild\14.0\Bin\amd64\MSBuild.exe`,
	},
	"csc.exe": {
		`C:\Program Files\Microsoft Visual Studio\<version>\Community\MSBuild\Current\Bin\Roslyn\csc.exe`,
		`C:\Program Files (x86)\MSBuild\14.0\Bin\csc.exe`,
	},
	"vbc.exe": {
		`C:\Program Files\Microsoft Visual Studio\<version>\Community\MSBuild\Current\Bin\Roslyn\vbc.exe`,
		`C:\Program Files (x86)\MSBuild\14.0\Bin\vbc.exe`,
	},
	"cdb.exe":    debuggingTools("cdb.exe"),
	"ntsd.exe":   debuggingTools("ntsd.exe"),
	"windbg.exe": debuggingTools("windbg.exe"),
	"dotnet.exe": {`C:\Users\<username>\AppData\Local\Microsoft\dotnet\dotnet.exe`}, // default of the install script
	"msedge.exe": {
		`C:\Program Files (x86)\Microsoft\EdgeCore\<version>\msedge.exe`,
		`C:\Program Files (x86)\Microsoft\Edge Beta\Application\msedge.exe`,
		`C:\Program Files (x86)\Microsoft\Edge Dev\Application\msedge.exe`,
		`C:\Users\<username>\AppData\Local\Microsoft\Edge SxS\Application\msedge.exe`,
	},
	"msedgewebview2.exe": {
		`C:\Windows\System32\Microsoft-Edge-WebView\msedgewebview2.exe`,
		`C:\Program Files (x86)\Microsoft\EdgeCore\<version>\msedgewebview2.exe`,
	},
	"mpcmdrun.exe": {`C:\Program Files\Microsoft Security Client\MpCmdRun.exe`},
	"ssh.exe":      {`C:\Program Files\OpenSSH\ssh.exe`},
	"scp.exe":      {`C:\Program Files\OpenSSH\scp.exe`},
	"sftp.exe":     {`C:\Program Files\OpenSSH\sftp.exe`},
	"wsl.exe": {
		`C:\Program Files\WSL\wsl.exe`,
		`C:\Program Files\WindowsApps\MicrosoftCorporationII.WindowsSubsystemForLinux_<version>\wsl.exe`,
		`C:\Users\<username>\AppData\Local\Microsoft\WindowsApps\wsl.exe`,
	},
	"winget.exe": {`C:\Program Files\WindowsApps\Microsoft.DesktopAppInstaller_<version>\winget.exe`},
	"wt.exe":     {`C:\Users\<username>\AppData\Local\Microsoft\WindowsApps\wt.exe`},
	"teams.exe": {
		`C:\Program Files (x86)\Teams Installer\Teams.exe`, // machine-wide
		`C:\Program Files (x86)\Microsoft\Teams\current\Teams.exe`,
	},
	// Every application that updates itself with Squirrel keeps these two in
	// its own folder; only common ones are taken as known, since anybody can
	// make a folder there.
	"update.exe":   squirrel("Update.exe"),
	"squirrel.exe": squirrel(`SquirrelSetup.exe`, `current\Squirrel.exe`),
}

func debuggingTools(name string) []string {
	return []string{`C:\Program Files\Debugging Tools for Windows (x64)\` + name, `C:\Program Files (x86)\Debugging Tools for Windows (x86)\` + name}
}

func squirrel(files ...string) []string {
	var all []string
	for _, app := range []string{`Microsoft\Teams`, "slack", "Discord", "DiscordPTB", "DiscordCanary", "GitHubDesktop", "Postman", "Figma", "SquirrelTemp"} {
		for _, file := range files {
			all = append(all, `C:\Users\<username>\AppData\Local\`+app+`\`+file)
		}
	}
	return append(all, `C:\Program Files (x86)\Microsoft\Teams\`+files[len(files)-1])
}

// moreNames are file names under which the same program is installed.
var moreNames = map[string][]string{
	"procdump.exe":     {"procdump64.exe", "procdump64a.exe"},
	"mavinject.exe":    {"mavinject32.exe", "mavinject64.exe"},
	"bginfo.exe":       {"bginfo64.exe", "bginfo64a.exe"},
	"dumpminitool.exe": {"dumpminitool.x86.exe", "dumpminitool.arm64.exe"},
}
