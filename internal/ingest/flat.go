package ingest

import (
	"slices"
	"strings"
)

// Flat records have the envelope's values beside the data, under names that each shipper chooses. Nested objects are flat too:
// their values go by dotted names.

// flatKeys are the names of the envelope in flat records, in lower case, the surest first: Winlogbeat 7 and 8, then NXLog and
// other exports, Winlogbeat 6, then ECS.
var flatKeys = [numSlots][]string{
	slotProvider: {"winlog.provider_name", "sourcename", "providername", "provider_name", "source_name", "provider", "event.provider",
		"event source", "eventsourcename"},
	slotProviderGUID: {"winlog.provider_guid", "providerguid", "provider_guid", "providerid"},
	slotEventID:      {"winlog.event_id", "eventid", "event_id", "event.code", "eventcode", "event id", "event_code"},
	slotQualifiers:   {"qualifiers"},
	slotVersion:      {"winlog.version", "version"},
	slotLevel:        {"level", "log.level", "levelvalue"},
	slotTask:         {"winlog.task", "task", "taskvalue"},
	slotOpcode:       {"winlog.opcode", "opcodevalue", "opcode"},
	slotKeywords:     {"winlog.keywords", "keywords"},
	slotRecordID: {"winlog.record_id", "recordnumber", "eventrecordid", "recordid", "record_number", "record_id", "event.sequence",
		"event record id"},
	slotActivity: {"winlog.activity_id", "activityid", "activity_id"},
	slotRelated:  {"winlog.related_activity_id", "relatedactivityid", "related_activity_id"},
	slotPID:      {"winlog.process.pid", "executionprocessid", "execution_processid"},
	slotThread:   {"winlog.process.thread.id", "executionthreadid", "execution_threadid", "threadid", "thread_id"},
	slotChannel:  {"winlog.channel", "channel", "log_name", "logname", "log name", "eventlog"},
	slotComputer: {"winlog.computer_name", "computer", "computername", "computer_name", "hostname", "host_name", "machinename",
		"devicename", "host.name", "host.hostname", "agent.hostname", "beat.hostname", "host"},
	slotUser: {"winlog.user.identifier", "user.identifier", "userid", "security_userid"},
}

const utcTime = "utctime" // Sysmon's

// flatTimes are the names of the time of writing, and flatAnchors those of a time of about the same moment that is always UTC.
var (
	flatTimes = []string{"timecreated", "timecreated_systemtime", "eventtime", "systemtime", "timegenerated", "timegenerated [utc]", "timestamp", "timestamp [utc]", "timecreatedutc", "@timestamp", "date and time", utcTime,
		"_time", "time", "event.created", "date"}
	flatAnchors = []string{utcTime, "event_data.utctime", "winlog.event_data.utctime", "@timestamp", "timecreatedutc", "timegenerated [utc]", "timestamp [utc]"}
)

// flatWrappers are objects that some exports put around the record.
var flatWrappers = [][]string{nil, {"_source"}, {"fields"}, {"result"}, {"event"}, {"data"}, {"document"}, {"document", "data"}, {"properties"}}

// dataObjects hold the data under its raw names.
var dataObjects = []string{"winlog.event_data.", "winlog.user_data.", "event_data.", "user_data.", "eventdata.", "userdata.", "allfieldinfo."}

// dataTexts are names of a text that may hold the data as XML or JSON, wholeTexts of one that may hold the whole event.
var (
	dataTexts  = []string{"eventdata", "event_data", "userdata"}
	wholeTexts = []string{"_raw", "event.original"}
)

// beside are values that shippers add to a record whose data they did not take apart.
var beside = []string{"message", "severity", "severityvalue", "eventtype", "sourcemoduletype", "sourcemodulename", "eventreceivedtime",
	"category", "accountname", "accounttype", "domain", "port", "host", "tags", "type", "@version", "@timestamp", "error_evt_unresolved",
	"eventtime", "timecreated", "timewritten", "containerlog", "matchedqueryids", "bookmark", "leveldisplayname",
	"opcodedisplayname", "taskdisplayname", "keywordsdisplaynames", "properties", "id", "machinename", "processid", "relatedactivityid",
	"ecs.version", "_id", "_index", "_type", "_score", "eventtypeorignal", "_raw", "_time", "_bkt", "_cd", "_indextime", "_serial", "_si",
	"_sourcetype", "index", "linecount", "source", "sourcetype", "splunk_server", "task category", "activity", "azuredeploymentid", "eventcategory", "eventlevel",
	"eventlevelname", "eventoriginid", "managementgroupname", "mg", "parameterxml", "role", "sourcecomputerid", "sourcesystem", "tenantid",
	"timecollected", "username", "_resourceid"}

// readFlat is newShape for flat records.
func (s *shape) readFlat() {
	keys := s.unwrap()
	first := index(keys)
	for i := range s.leaves {
		s.leaves[i].data = s.leaves[i].data || !s.leaves[i].said
	}
	for sl, candidates := range flatKeys {
		s.take(slot(sl), first, candidates...)
	}
	has := func(key string) bool { _, ok := first[key]; return ok }
	if has("providername") && has("logname") && has("machinename") { // Get-WinEvent | ConvertTo-Json
		s.take(slotEventID, first, "id")
		s.take(slotPID, first, "processid")
		s.take(slotUser, first, "userid.value", "userid")
	}
	if has("log_name") && has("source_name") { // Winlogbeat 6
		s.take(slotPID, first, "process_id")
	}
	if has("eventlog") && has("eventlevelname") || has("date and time") && has("task category") { // Log Analytics, Event Viewer
		s.take(slotProvider, first, "source")
	}
	for _, name := range flatTimes {
		if i, ok := first[name]; ok {
			s.times = append(s.times, i)
		}
	}
	for _, name := range flatAnchors {
		if i, ok := first[name]; ok {
			s.anchor = append(s.anchor, i)
		}
	}
	if len(s.times) > 0 {
		s.slots[slotTime] = s.times[0]
	}
	s.event = s.isEvent(has)
	s.nameFlat(keys)
}

// unwrap gives the lower-case dotted names below what wraps the record; "" for what stands beside it.
func (s *shape) unwrap() []string {
	for _, w := range flatWrappers {
		if keys, found := s.below(w); found {
			s.single = len(w) == 1 && w[0] == "fields" // of a search result
			return keys
		}
	}
	keys, _ := s.below(nil)
	return keys
}

// below names the values within a wrapper; found tells that an event is there.
func (s *shape) below(wrapper []string) (keys []string, found bool) {
	inside := func(p *site) bool { return len(p.path) > len(wrapper) && slices.Equal(p.path[:len(wrapper)], wrapper) }
	if !slices.ContainsFunc(s.leaves, func(p site) bool { return inside(&p) }) {
		return nil, false
	}
	keys = make([]string, len(s.leaves))
	for i := range s.leaves {
		p := &s.leaves[i]
		if p.said {
			if strings.EqualFold(p.name, utcTime) {
				keys[i] = utcTime
			}
			continue
		}
		p.name = p.full
		if inside(p) {
			p.name = strings.Join(p.path[len(wrapper):], ".")
			keys[i] = strings.ToLower(p.name)
		}
		found = found || slices.Contains(flatKeys[slotEventID], keys[i]) || slices.Contains(flatKeys[slotChannel], keys[i]) ||
			slices.Contains(wholeTexts, keys[i]) || keys[i] == "actiontype" || keys[i] == "event_type"
	}
	return keys, found
}

// isEvent tells an event from any other JSON object or table.
func (s *shape) isEvent(has func(string) bool) bool {
	any := func(names ...string) bool { return slices.ContainsFunc(names, has) }
	envelope := s.slots[slotProvider] >= 0 || s.slots[slotChannel] >= 0 || s.slots[slotComputer] >= 0 || len(s.times) > 0
	switch {
	case s.slots[slotEventID] >= 0 && envelope:
		return true
	case s.slots[slotChannel] >= 0 && s.slots[slotProvider] >= 0:
		return true
	case has("actiontype") && any("devicename", "deviceid"): // advanced hunting tables
		return true
	case has("event_type") && has("timestamp") && any("unique_pid", "pid", "process_path"): // the eqllib normalisation
		return true
	case has("@timestamp") && any("process.executable", "process.command_line", "process.name"): // ECS
		return true
	}
	return false
}

// nameFlat names the data fields, and finds out whether the message is all there is.
func (s *shape) nameFlat(keys []string) {
	message, named := -1, false
	for i := range keys {
		p := &s.leaves[i]
		if !p.data {
			continue
		}
		if p.said {
			named = true
			continue
		}
		inside := false
		for _, o := range dataObjects {
			if strings.HasPrefix(keys[i], o) {
				p.name, inside = p.name[len(o):], true
				break
			}
		}
		switch {
		case keys[i] == "message" || keys[i] == "rendereddescription" && message < 0:
			message = i
		case slices.Contains(dataTexts, keys[i]):
			s.text = i
		case inside:
			named = true
		case strings.HasPrefix(keys[i], "winlog.") || strings.HasPrefix(keys[i], "agent.") || strings.HasPrefix(keys[i], "event.") ||
			strings.HasPrefix(keys[i], "host.") || strings.HasPrefix(keys[i], "log.") || strings.HasPrefix(keys[i], "properties."):
		case !slices.Contains(beside, keys[i]) && (keys[i] == utcTime || !slices.Contains(flatTimes, keys[i])):
			named = true
		}
	}
	for i := range keys {
		if s.text < 0 && !(named && s.event) && slices.Contains(wholeTexts, keys[i]) {
			s.text = i
		}
	}
	if !named && s.event {
		s.message = message
	}
}
