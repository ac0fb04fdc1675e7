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
	hard   bool   // makes the verdict malicious whatever else is known
	why    string // why it weighs, not what it is: that the signal says
	turn   string // a harmless explanation, "" when none is needed
}

// table is the whole weighing. docs/verdicts.md explains how the figures came about.
var table = []row{
	{reeve.SignalRenamed, identity, 25, false, "a new name evades whoever looks for the old one", "an installer or vendor that ships the program under this name"},
	{reeve.SignalMasquerade, identity, 30, false, "a known name makes another program look harmless", "a signed product that owns this name"},
	{reeve.SignalSameName, identity, 0, false, "the name alone says little", ""},
	{reeve.SignalGenuineHash, identity, -5, false, "the file is unchanged; what it was made to do is another question", ""},
	{reeve.SignalDoubleOnHost, identity, 15, false, "one of the two files may have been changed", "an update between the two runs"},
	{reeve.SignalBadSignature, identity, 25, false, "whoever changes a Microsoft program breaks its signature", "a catalog signature that the recorder does not read"},
	{reeve.SignalListedPath, identity, -10, false, "its installer puts it there", ""},
	{reeve.SignalVendorCopy, identity, 0, false, "vendors ship copies of system programs", ""},
	{reeve.SignalOddProtected, identity, 10, false, "it does not belong there, though only an administrator could put it there", "a product that installs it there"},
	{reeve.SignalUserWritable, identity, 20, false, "anybody could have put it there", "a product that installs per user"},
	{reeve.SignalRemotePath, identity, 25, false, "what lies there is out of this host's control", "a deployment share that the owner knows"},

	{reeve.SignalInstalled, arrival, -15, false, "installers put programs where they belong", ""},
	{reeve.SignalCopied, arrival, 20, false, "every host has it, so that a copy is made to evade", "a packaging script that the owner knows"},
	{reeve.SignalFreshDownload, arrival, 20, false, "what is downloaded and run at once is seldom planned work", "a download from the maker's site that the user remembers"},
	{reeve.SignalFromShare, arrival, 20, false, "intruders spread in this way, and so does software deployment", "a deployment system at the other end"},
	{reeve.SignalExtracted, arrival, 15, false, "payloads travel in archives", "an archive from a known source"},
	{reeve.SignalRemovable, arrival, 15, false, "what comes on a drive has passed no control", "a drive that the owner knows"},
	{reeve.SignalScriptWritten, arrival, 20, false, "droppers work in this way", "an administrator's script that is known"},
	{reeve.SignalTimestomped, arrival, 15, false, "a false time hides when a file came", "an installer that keeps file times"},
	{reeve.SignalPayloadFresh, arrival, 15, false, "payloads run as soon as they have landed", "a build that had just finished"},
	{reeve.SignalPayloadWebMark, arrival, 15, false, "it came from the internet", "a download that the user remembers"},

	{reeve.SignalDocumentedAbuse, payload, 10, false, "intruders use this form more often than anybody else", "an administrator's or developer's routine of the same form"},
	{reeve.SignalOrdinaryUse, payload, -10, false, "this is what the program is for", ""},
	{reeve.SignalPayloadPlace, payload, 20, false, "anybody could have put it there", "a developer's own build or a per-user installation"},
	{reeve.SignalPayloadUnsigned, payload, 10, false, "nobody vouches for it", "a build made in this organisation"},
	{reeve.SignalPayloadSigned, payload, -20, false, "its maker vouches for it", ""},
	{reeve.SignalPayloadProtected, payload, -10, false, "only an administrator could put it there", ""},
	{reeve.SignalPayloadShell, payload, 10, false, "a shell runs whatever it is told", "a build or setup script"},
	{reeve.SignalPayloadEncoded, payload, 20, false, "such lines are made so that nobody reads them", "management software that encodes its commands"},
	{reeve.SignalPayloadInline, payload, 25, false, "a script that stands in no file is found by nobody", "a product's own helper of this form"},
	{reeve.SignalPayloadRemote, payload, 20, false, "what lies there is out of this host's control", "a server of this organisation"},
	{reeve.SignalPayloadDisguised, payload, 20, false, "what is harmless has no need to hide what it is", "an application's own data format"},
	{reeve.SignalPayloadDiffers, payload, 10, false, "the command line does not tell what it did", "a launcher that starts helpers"},
	{reeve.SignalSideload, payload, 40, true, "a signed program was made to run somebody else's code", "a library of the product's own maker"},
	{reeve.SignalSideloadSuspected, payload, 20, false, "signed programs can be made to run such a library", "a per-user installation of the product"},

	{reeve.SignalKnownBad, known, 60, true, "the file itself is known to be malicious", "a mistake in the list"},
	{reeve.SignalKnownGood, known, -20, false, "the file itself is known to be harmless", ""},
	{reeve.SignalConviction, known, 60, true, "the product recognised the file or what it did", "a false alarm that the product's maker confirms"},

	{reeve.SignalTamper, effects, 40, true, "whoever blinds the guard has something to hide", "an administrator's change that is on record"},
	{reeve.SignalLsassDump, effects, 40, true, "credentials are stolen in this way", "a security product, or a debugger run by the vendor's support"},
	{reeve.SignalRecovery, effects, 40, true, "extortion begins in this way", "a backup product's own housekeeping"},
	{reeve.SignalCredentials, effects, 30, false, "stolen credentials open other hosts", "an administrator's backup that is on record"},
	{reeve.SignalInjection, effects, 30, false, "code in another process acts under its name", "a debugger or tracer used by a developer"},
	{reeve.SignalPersistence, effects, 25, false, "intruders stay in this way", "an installer registering its own program"},
	{reeve.SignalExternal, effects, 20, false, "payloads report to whoever sent them", "a destination that this organisation uses"},
	{reeve.SignalNamedRemote, effects, 5, false, "much ordinary work does so", ""},
	{reeve.SignalDiscovery, effects, 10, false, "intruders look around first", "an inventory or support script"},
	{reeve.SignalSelfDelete, effects, 10, false, "intruders remove what would tell of them", "an installer cleaning up"},
	{reeve.SignalDropsPE, effects, 10, false, "payloads bring further ones", "a build or an installer"},
	{reeve.SignalNoEffects, effects, -10, false, "abuse seldom stays without any effect", ""},

	{reeve.SignalDeveloperShell, start, -20, false, "developers work in this way", ""},
	{reeve.SignalInteractive, start, -5, false, "most work begins in this way", ""},
	{reeve.SignalManagement, start, -15, false, "software deployment works in this way", ""},
	{reeve.SignalOfficeParent, start, 30, false, "documents and mail have no reason to start it", "an add-in that the organisation uses"},
	{reeve.SignalBrowserParent, start, 20, false, "web pages have no reason to start it", "a protocol handler of an installed product"},
	{reeve.SignalScriptParent, start, 10, false, "droppers work in this way, and so do administrators", "an administrator's script that is known"},
	{reeve.SignalRemoteStart, start, 20, false, "intruders move between hosts in this way", "a known administrative or scanning host"},
	{reeve.SignalServerParent, start, 30, false, "a server that starts such programs may have been broken into", "the server's own maintenance"},
	{reeve.SignalFreshTask, start, 20, false, "intruders make the tasks and services that they need", "an installer that made the task"},
	{reeve.SignalOldTask, start, -10, false, "it has been at work for long", ""},
	{reeve.SignalOddLineage, start, 20, false, "a false parent hides the true one", "a broker that starts programs for others"},
	{reeve.SignalOddParent, start, 15, false, "what started it may be a payload itself", "a per-user installation of the parent"},
	{reeve.SignalAutostart, start, 10, false, "what is to outlive a logon is started in this way", "a product's own autostart"},

	{reeve.SignalRoleFits, setting, -20, false, "such work is done on it", ""},
	{reeve.SignalRoleMismatch, setting, 15, false, "nobody on it should need this program", "a word of the owner on what it was needed for"},

	{reeve.SignalFirstEver, rarity, 15, false, "what belongs to the work here happens again and again", "new software or a new task that is on record"},
	{reeve.SignalFirstHere, rarity, 8, false, "what belongs to the work here happens again and again", ""},
	{reeve.SignalHabitual, rarity, -20, false, "what happens again and again is seldom an attack", ""},
	{reeve.SignalDeployment, rarity, -15, false, "deployment does the same everywhere at once", ""},

	{reeve.SignalRuleCritical, detection, 30, false, "such rules seldom err", "a false alarm of a kind that the rule names"},
	{reeve.SignalRuleHigh, detection, 15, false, "such rules err now and then", "a false alarm of a kind that the rule names"},
	{reeve.SignalRuleMedium, detection, 5, false, "such rules err often", ""},
}

// classPrior is what is thought before anything is known: how seldom the program's class is run for honest reasons.
var classPrior = map[string]int{"everyday": -30, "admin": -30, "developer": -10, "optional": -10, "rare": 0}

// unusualPrior is the mildest prior of a run that is out of the ordinary, which the signals named in unusual tell.
const unusualPrior = -10

var unusual = []reeve.SignalCode{reeve.SignalRenamed, reeve.SignalMasquerade, reeve.SignalUserWritable, reeve.SignalRemotePath, reeve.SignalDocumentedAbuse}
