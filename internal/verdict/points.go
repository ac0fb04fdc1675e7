package verdict

import "reeve"

// group is a story: findings of one group tell it together, so the group is capped.
type group string

const (
	identity  group = "identity and place" // location, rename and hash are one story
	arrival   group = "arrival"
	start     group = "start" // parent and logon are one story
	payload   group = "payload"
	effects   group = "effects" // child and network are one story
	setting   group = "host and user"
	rarity    group = "rarity"
	detection group = "detection"
	known     group = "reputation"
)

// groupCap bounds what one story can weigh, in either direction; hard evidence stands outside of it.
const groupCap = 35

// row weighs one signal. Points are 20 times the decimal logarithm of a likelihood ratio: +20 is ten times likelier when the
// execution is abuse, -20 ten times likelier when it is not.
type row struct {
	code   reeve.SignalCode
	group  group
	points int
	hard   bool // makes the verdict malicious whatever else is known
	why    string
	turn   string // what would reverse it
}

// table is the whole weighing. docs/verdicts.md explains how the figures came about.
var table = []row{
	{reeve.SignalRenamed, identity, 25, false, "a signed program under another name evades whoever looks for the name", "an installer or vendor that ships the program under this name"},
	{reeve.SignalMasquerade, identity, 30, false, "another program bears the name of a Windows tool", "a signed product that owns this name"},
	{reeve.SignalSameName, identity, 0, false, "the name alone says little", ""},
	{reeve.SignalGenuineHash, identity, -5, false, "the file is the published one, which is what this technique abuses", ""},
	{reeve.SignalDoubleOnHost, identity, 15, false, "the same program has another hash elsewhere in this evidence", "an update between the two runs"},
	{reeve.SignalBadSignature, identity, 25, false, "a Microsoft program with a broken or missing signature was changed", "a catalog signature that the recorder does not read"},
	{reeve.SignalListedPath, identity, -10, false, "it runs from where it is installed", ""},
	{reeve.SignalVendorCopy, identity, 0, false, "vendors ship copies of system programs", ""},
	{reeve.SignalOddProtected, identity, 10, false, "it does not belong there, and only an administrator could put it there", "a product that installs it there"},
	{reeve.SignalUserWritable, identity, 20, false, "anybody could have put it there", "a product that installs per user"},
	{reeve.SignalRemotePath, identity, 25, false, "it runs from another machine or a removable drive", "a deployment share that the owner knows"},

	{reeve.SignalInstalled, arrival, -15, false, "an installer wrote it together with its companions", ""},
	{reeve.SignalCopied, arrival, 20, false, "a program that every host has was copied before use", "a packaging script that the owner knows"},
	{reeve.SignalFreshDownload, arrival, 20, false, "it was downloaded shortly before it ran", "a download from the maker's site that the user remembers"},
	{reeve.SignalFromShare, arrival, 20, false, "another host put it there shortly before it ran", "a deployment system as the source"},
	{reeve.SignalExtracted, arrival, 15, false, "it came out of an archive shortly before it ran", "an archive from a known source"},
	{reeve.SignalRemovable, arrival, 15, false, "it came on a removable drive or disk image", "a drive that the owner knows"},
	{reeve.SignalScriptWritten, arrival, 20, false, "a script or Office program wrote it shortly before it ran", "a known administrative script"},
	{reeve.SignalTimestomped, arrival, 15, false, "its creation time was changed", "an installer that keeps file times"},
	{reeve.SignalPayloadFresh, arrival, 15, false, "what it ran had been written minutes before", "a build that had just finished"},
	{reeve.SignalPayloadWebMark, arrival, 15, false, "what it ran carries the mark of the web", "a known download"},

	{reeve.SignalDocumentedAbuse, payload, 10, false, "the command line has the form of a documented abuse", "an administrator's routine of the same form"},
	{reeve.SignalOrdinaryUse, payload, -10, false, "the command line is ordinary use of the program", ""},
	{reeve.SignalPayloadPlace, payload, 20, false, "what it ran lies where anybody can write", "a developer's own build or a per-user installation"},
	{reeve.SignalPayloadUnsigned, payload, 10, false, "what it ran is not signed", "a build made in this organisation"},
	{reeve.SignalPayloadSigned, payload, -20, false, "what it ran is validly signed", ""},
	{reeve.SignalPayloadProtected, payload, -10, false, "what it ran lies where only administrators write", ""},
	{reeve.SignalPayloadShell, payload, 10, false, "it started a shell or an interpreter", "a build or setup script"},
	{reeve.SignalPayloadEncoded, payload, 20, false, "what it ran is encoded, hidden or fetched and run in one step", "management software that encodes its commands"},
	{reeve.SignalPayloadRemote, payload, 20, false, "what it ran comes from another machine", "a server of this organisation"},
	{reeve.SignalPayloadDisguised, payload, 20, false, "what it ran is disguised: extension or data stream hide its nature", "an application's own data format"},
	{reeve.SignalPayloadDiffers, payload, 10, false, "what ran is not what the command line names", "a launcher that starts helpers"},
	{reeve.SignalSideload, payload, 40, true, "an unsigned library from a place that anybody can write to ran inside a signed program", "a library of the product's own maker"},
	{reeve.SignalSideloadSuspected, payload, 20, false, "a companion library lies where it does not belong", "a per-user installation of the product"},

	{reeve.SignalKnownBad, known, 60, true, "a list names the file as malicious", "a mistake in the list"},
	{reeve.SignalKnownGood, known, -20, false, "a list names the file as good", ""},
	{reeve.SignalConviction, known, 60, true, "a security product convicted it", "a false alarm that its maker confirms"},

	{reeve.SignalTamper, effects, 40, true, "security tools or logs were tampered with", "an administrator's change that is on record"},
	{reeve.SignalLsassDump, effects, 40, true, "the memory of lsass was read or written out", "a security product or debugger run by its maker"},
	{reeve.SignalRecovery, effects, 40, true, "backups or shadow copies were destroyed", "a backup product's own housekeeping"},
	{reeve.SignalCredentials, effects, 30, false, "credentials were touched", "an administrator's backup that is on record"},
	{reeve.SignalInjection, effects, 30, false, "it reached into another process", "a debugger or tracer used by a developer"},
	{reeve.SignalPersistence, effects, 25, false, "it arranged to be started again", "an installer registering its own service"},
	{reeve.SignalExternal, effects, 20, false, "it or what it ran connected to the outside", "a destination that this organisation uses"},
	{reeve.SignalNamedRemote, effects, 5, false, "it or what it ran connected to another host inside", ""},
	{reeve.SignalDiscovery, effects, 10, false, "what it ran looked around the host or the domain", "an inventory script"},
	{reeve.SignalSelfDelete, effects, 10, false, "traces were deleted afterwards", "an installer cleaning up"},
	{reeve.SignalDropsPE, effects, 10, false, "it or what it ran wrote a program", "a build or an installer"},
	{reeve.SignalNoEffects, effects, -10, false, "sources that log without selection saw no effect over its whole life", ""},

	{reeve.SignalDeveloperShell, start, -20, false, "a developer's tool or shell started it on a developer's host", ""},
	{reeve.SignalInteractive, start, -5, false, "somebody at the keyboard started it", ""},
	{reeve.SignalManagement, start, -15, false, "management software started it", ""},
	{reeve.SignalOfficeParent, start, 30, false, "documents and mail have no reason to start it", "an add-in that the organisation uses"},
	{reeve.SignalBrowserParent, start, 20, false, "a browser started it", "a protocol handler of an installed product"},
	{reeve.SignalScriptParent, start, 10, false, "a script started it", "a known script"},
	{reeve.SignalRemoteStart, start, 20, false, "another host started it", "a known administrative or scanning host"},
	{reeve.SignalServerParent, start, 30, false, "a web or database server started it", "the server's own maintenance"},
	{reeve.SignalFreshTask, start, 20, false, "a task or service made within the last day started it", "an installer that made the task"},
	{reeve.SignalOldTask, start, -10, false, "a long-standing task or service started it", ""},
	{reeve.SignalOddLineage, start, 20, false, "its parent cannot have started it", "a broker that starts programs for others"},
	{reeve.SignalOddParent, start, 15, false, "its parent runs from a place that anybody can write to", "a per-user installation"},
	{reeve.SignalAutostart, start, 10, false, "an autostart entry started it", "a product's own autostart"},

	{reeve.SignalRoleFits, setting, -20, false, "the host is used for such work", ""},
	{reeve.SignalRoleMismatch, setting, 15, false, "nobody on this host should need it", "an owner who says so"},

	{reeve.SignalFirstEver, rarity, 15, false, "never seen before in a month or more of evidence", ""},
	{reeve.SignalFirstHere, rarity, 8, false, "not seen before on this host", ""},
	{reeve.SignalHabitual, rarity, -20, false, "the same is done here again and again", ""},
	{reeve.SignalDeployment, rarity, -15, false, "management software did the same on many hosts at once", ""},

	{reeve.SignalRuleCritical, detection, 30, false, "a rule of level critical matched", "a false alarm that the rule names"},
	{reeve.SignalRuleHigh, detection, 15, false, "a rule of level high matched", "a false alarm that the rule names"},
	{reeve.SignalRuleMedium, detection, 5, false, "a rule of level medium matched", ""},
}

// classPrior is what is thought before anything is known: how seldom the program's class is run for honest reasons.
var classPrior = map[string]int{"everyday": -30, "admin": -30, "developer": -10, "optional": -10, "rare": 0}
