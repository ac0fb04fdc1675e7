package winlog

import "reeve"

// eql is the schema that eqllib normalises Sysmon's events to. Its registry events do not say what was done.
var eql = provider{
	names:   []string{unnamed + "eql"},
	witness: "event_type",
	meanings: []meaning{
		{ids: ids(0), when: []test{says("event_type", "process"), says("subtype", "create")}, kind: reeve.ProcessStart, fields: join(eqlActor, []field{at(reeve.AttrCommandLine, "command_line"), conv(reeve.AttrLogonID, asLogon, "logon_id"),
			part(toParentGUID, "unique_ppid"), part(toParentPID, "ppid"), at(reeve.AttrParentImage, "parent_process_path")})},
		{ids: ids(0), when: []test{says("event_type", "process"), says("subtype", "terminate")}, kind: reeve.ProcessEnd, fields: eqlActor},
		{ids: ids(0), when: []test{says("event_type", "image_load")}, kind: reeve.ImageLoad, fields: join(eqlActor, []field{at(reeve.AttrLoadedImage, "image_path")})},
		{ids: ids(0), when: []test{says("event_type", "network")}, kind: reeve.NetworkConnect, fields: join(eqlActor, []field{at(reeve.AttrProtocol, "protocol"), conv(reeve.AttrInitiated, asOutbound, "subtype"), at(reeve.AttrSourceIP, "source_address"),
			at(reeve.AttrSourcePort, "source_port"), at(reeve.AttrDestIP, "destination_address"), at(reeve.AttrDestPort, "destination_port")})},
		{ids: ids(0), when: []test{says("event_type", "file"), says("subtype", "delete")}, kind: reeve.FileDelete, fields: eqlFile},
		{ids: ids(0), when: []test{says("event_type", "file")}, kind: reeve.FileCreate, fields: eqlFile},
		{ids: ids(0), when: []test{says("event_type", "registry")}, kind: reeve.RegistryKey, fields: join(eqlActor, []field{at(reeve.AttrKey, "registry_path")})},
	},
}

var (
	eqlActor = []field{part(toActorGUID, "unique_pid"), part(toActorPID, "pid"), at(reeve.AttrImage, "process_path"), account(reeve.AttrUser, "user_domain", "user_name")}
	eqlFile  = join(eqlActor, []field{at(reeve.AttrPath, "file_path")})
)
