package winlog

import "reeve"

// ecsProvider stands for records that have the fields of the Elastic Common Schema and neither provider nor event id.
const ecsProvider = unnamed + "ecs"

// isECS tells whether a class has them.
func isECS(rec reeve.Record) bool {
	for _, name := range []string{"event.category", "process.executable", "process.entity_id"} {
		if rec.Resolve(name) != reeve.NoHandle {
			return true
		}
	}
	return false
}

// ecs tells its events apart by category and type; in the first of a kind stand its fields for records that have a provider, too.
var ecs = provider{
	names: []string{ecsProvider},
	meanings: []meaning{
		{ids: ids(0), when: []test{says("event.type", "end", "process_end")}, kind: reeve.ProcessEnd, fields: ecsActor},
		{ids: ids(0), when: []test{says("event.category", "process"), says("event.type", "start", "process_start")}, kind: reeve.ProcessStart, fields: ecsProcess},
		{ids: ids(0), when: []test{has("destination.ip")}, kind: reeve.NetworkConnect, fields: join(ecsActor, []field{at(reeve.AttrSourceIP, "source.ip"), at(reeve.AttrSourcePort, "source.port"), at(reeve.AttrDestIP, "destination.ip"),
			at(reeve.AttrDestPort, "destination.port"), at(reeve.AttrDestHost, "destination.domain"), at(reeve.AttrProtocol, "network.transport"), conv(reeve.AttrInitiated, asOutbound, "network.direction")})},
		{ids: ids(0), when: []test{has("dns.question.name")}, kind: reeve.DNSQuery, fields: join(ecsActor, []field{at(reeve.AttrQuery, "dns.question.name"), at(reeve.AttrResult, "dns.resolved_ip")})},
		{ids: ids(0), when: []test{has("dll.path")}, kind: reeve.ImageLoad, fields: join(ecsActor, []field{at(reeve.AttrLoadedImage, "dll.path"), hash("SHA256", "dll.hash.sha256"), hash("SHA1", "dll.hash.sha1"), hash("MD5", "dll.hash.md5"),
			at(reeve.AttrOriginalFileName, "dll.pe.original_file_name"), at(reeve.AttrCompany, "dll.pe.company"), at(reeve.AttrProduct, "dll.pe.product"), at(reeve.AttrDescription, "dll.pe.description"), at(reeve.AttrFileVersion, "dll.pe.file_version"),
			conv(reeve.AttrSigned, asYesNo, "dll.code_signature.exists"), at(reeve.AttrSigner, "dll.code_signature.subject_name"), at(reeve.AttrSignatureInfo, "dll.code_signature.status")})},
		{ids: ids(0), when: []test{has("registry.path"), says("event.type", "deletion")}, kind: reeve.RegistryKey, fields: join(ecsActor, []field{at(reeve.AttrKey, "registry.path")}), fixed: operation("deleted")},
		{ids: ids(0), when: []test{has("registry.path")}, kind: reeve.RegistrySet, fields: join(ecsActor, []field{at(reeve.AttrKey, "registry.path"), at(reeve.AttrDetails, "registry.data.strings")})},
		{ids: ids(0), when: []test{has("file.path"), says("event.type", "deletion")}, kind: reeve.FileDelete, fields: ecsFile},
		{ids: ids(0), when: []test{has("file.path")}, kind: reeve.FileCreate, fields: ecsFile},
		{ids: ids(0), when: []test{has("process.command_line"), lacks("event.type")}, kind: reeve.ProcessStart, fields: ecsProcess},
	},
}

var (
	ecsActor   = []field{part(toActorGUID, "process.entity_id"), part(toActorPID, "process.pid"), at(reeve.AttrImage, "process.executable"), account(reeve.AttrUser, "user.domain", "user.name"), at(reeve.AttrUserSID, "user.id")}
	ecsFile    = join(ecsActor, []field{at(reeve.AttrPath, "file.path"), hash("SHA256", "file.hash.sha256"), hash("SHA1", "file.hash.sha1"), hash("MD5", "file.hash.md5")})
	ecsProcess = join(ecsActor, []field{at(reeve.AttrCommandLine, "process.command_line"), at(reeve.AttrCurrentDirectory, "process.working_directory"), at(reeve.AttrOriginalFileName, "process.pe.original_file_name"),
		at(reeve.AttrProduct, "process.pe.product"), at(reeve.AttrCompany, "process.pe.company"), at(reeve.AttrDescription, "process.pe.description"), at(reeve.AttrFileVersion, "process.pe.file_version"),
		hash("SHA256", "process.hash.sha256"), hash("SHA1", "process.hash.sha1"), hash("MD5", "process.hash.md5"),
		part(toParentGUID, "process.parent.entity_id"), part(toParentPID, "process.parent.pid"), at(reeve.AttrParentImage, "process.parent.executable"), at(reeve.AttrParentCommandLine, "process.parent.command_line")})
)
