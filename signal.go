package reeve

// SignalCode names an observation. The table of points in internal/verdict has one row for each.
type SignalCode string

// The observations that questions make.
const (
	// identity
	SignalRenamed      SignalCode = "renamed"       // a LOLBAS program under another name
	SignalMasquerade   SignalCode = "masquerade"    // another program under a LOLBAS name
	SignalSameName     SignalCode = "same_name"     // a namesake of another maker
	SignalGenuineHash  SignalCode = "genuine_hash"  // a published hash of the genuine file
	SignalDoubleOnHost SignalCode = "hash_unlike"   // same name and version as elsewhere in the evidence, other hash
	SignalBadSignature SignalCode = "bad_signature" // signature stated and not valid
	// location
	SignalListedPath   SignalCode = "listed_path"
	SignalVendorCopy   SignalCode = "vendor_copy"
	SignalOddProtected SignalCode = "odd_protected_path" // a place only administrators write to, yet not its own
	SignalUserWritable SignalCode = "user_writable_path"
	SignalRemotePath   SignalCode = "remote_path"
	// arrival
	SignalInstalled      SignalCode = "installed"
	SignalCopied         SignalCode = "copied_local"
	SignalFreshDownload  SignalCode = "fresh_download"
	SignalFromShare      SignalCode = "from_share"
	SignalExtracted      SignalCode = "extracted"
	SignalRemovable      SignalCode = "removable"
	SignalScriptWritten  SignalCode = "script_written"
	SignalTimestomped    SignalCode = "timestomped"
	SignalPayloadFresh   SignalCode = "payload_fresh" // payload written within 30 minutes before it ran
	SignalPayloadWebMark SignalCode = "payload_web"   // payload carries the mark of the web
	// payload
	SignalDocumentedAbuse   SignalCode = "documented_abuse"
	SignalOrdinaryUse       SignalCode = "ordinary_use"
	SignalPayloadPlace      SignalCode = "payload_user_writable"
	SignalPayloadUnsigned   SignalCode = "payload_unsigned"
	SignalPayloadSigned     SignalCode = "payload_signed"
	SignalPayloadProtected  SignalCode = "payload_protected_place" // listed system program or admin-only folder
	SignalPayloadShell      SignalCode = "payload_shell"
	SignalPayloadEncoded    SignalCode = "payload_encoded" // encoded, hidden or download cradle
	SignalPayloadInline     SignalCode = "payload_inline"  // script text on the command line of a program that is no shell
	SignalPayloadRemote     SignalCode = "payload_remote"
	SignalPayloadDisguised  SignalCode = "payload_disguised" // extension contradicts content, double extension, data stream
	SignalPayloadDiffers    SignalCode = "payload_differs"   // telemetry shows another payload than the command line names
	SignalSideload          SignalCode = "sideload"          // unsigned companion library from a user-writable place was loaded
	SignalSideloadSuspected SignalCode = "sideload_suspected"
	// reputation
	SignalKnownBad   SignalCode = "known_bad"
	SignalKnownGood  SignalCode = "known_good"
	SignalConviction SignalCode = "conviction" // a security product convicted binary or payload
	// behaviour
	SignalTamper      SignalCode = "tamper"
	SignalLsassDump   SignalCode = "lsass_dump"
	SignalCredentials SignalCode = "credentials"
	SignalInjection   SignalCode = "injection"
	SignalPersistence SignalCode = "persistence"
	SignalExternal    SignalCode = "external_connection"
	SignalNamedRemote SignalCode = "internal_connection"
	SignalRecovery    SignalCode = "recovery_inhibited" // shadow copies or backups destroyed
	SignalDiscovery   SignalCode = "discovery"          // descendants that look around
	SignalSelfDelete  SignalCode = "self_delete"
	SignalDropsPE     SignalCode = "drops_executable"
	SignalNoEffects   SignalCode = "no_effects"
	// origin
	SignalDeveloperShell SignalCode = "developer_shell"
	SignalInteractive    SignalCode = "interactive"
	SignalManagement     SignalCode = "management_agent"
	SignalOfficeParent   SignalCode = "office_ancestor"
	SignalBrowserParent  SignalCode = "browser_ancestor"
	SignalScriptParent   SignalCode = "script_ancestor"
	SignalRemoteStart    SignalCode = "remote_start"
	SignalServerParent   SignalCode = "server_ancestor"
	SignalFreshTask      SignalCode = "fresh_task_or_service"
	SignalOldTask        SignalCode = "old_task_or_service"
	SignalOddLineage     SignalCode = "impossible_lineage"
	SignalOddParent      SignalCode = "odd_parent" // a parent that runs from a user-writable place
	SignalAutostart      SignalCode = "autostart"
	// host
	SignalRoleFits     SignalCode = "role_fits"
	SignalRoleMismatch SignalCode = "role_mismatch"
	// frequency
	SignalFirstEver  SignalCode = "first_ever"
	SignalFirstHere  SignalCode = "first_on_host"
	SignalHabitual   SignalCode = "habitual"
	SignalDeployment SignalCode = "deployment"
	// detection
	SignalRuleCritical SignalCode = "rule_critical"
	SignalRuleHigh     SignalCode = "rule_high"
	SignalRuleMedium   SignalCode = "rule_medium"
)
