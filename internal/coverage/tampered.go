package coverage

import (
	"strings"

	"reeve"
)

// Tampered words a change of what is logged, and names the channel as far as the record does; says is "" for what happens at every
// start and stop of Windows.
func Tampered(e *reeve.Event) (channel, says string) {
	by := ""
	if user := e.Get(reeve.AttrUser); user != "" {
		by = " by " + user
	}
	if e.Kind == reeve.LogCleared {
		if channel = e.Get(reeve.AttrChannel); channel == "" {
			return "", "a log was cleared" + by // the record does not say which
		}
		return channel, "the log was cleared" + by
	}
	switch detail := strings.ToLower(e.Get(reeve.AttrDetails)); e.Get(reeve.AttrOperation) {
	case "sysmon state":
		if strings.EqualFold(e.Get(reeve.AttrResult), "stopped") {
			return e.Channel, "Sysmon was stopped"
		}
	case "sysmon configuration":
		return e.Channel, "the Sysmon configuration was changed"
	case "sysmon error":
		return e.Channel, "Sysmon reported an error: " + e.Get(reeve.AttrMessage)
	case "audit policy":
		if strings.Contains(detail, "removed") || strings.Contains(detail, "%%8448") || strings.Contains(detail, "%%8450") {
			return e.Channel, "an audit policy was switched off" + by
		}
	case "events dropped":
		return e.Channel, "Windows dropped events before they were written"
	}
	return "", ""
}
