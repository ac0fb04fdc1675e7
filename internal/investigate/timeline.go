package investigate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/playbook"
)

// maxMoments bounds a timeline.
const maxMoments = 400

// timeline words the events by the case's own processes, those about its files, and what makes a reader look twice at all of
// them: logons and cleared logs. Where it is too much, the moments nearest to the subject's start are shown.
func (s *scanned) timeline(v *playbook.View, d *draft) []reeve.Moment {
	below, _ := v.Descendants()
	above, _ := v.Ancestors()
	own, chain := map[reeve.ProcID]bool{v.Process.ID: true}, map[reeve.ProcID]bool{}
	for _, p := range below {
		own[p.ID] = true
	}
	for _, p := range above {
		chain[p.ID] = true
	}
	var list []*reeve.Event
	for i := range v.Events {
		e := &v.Events[i]
		by := s.by(e)
		if own[by] || chain[by] && e.Kind == reeve.ProcessStart || d.inQuestion(e) || e.Kind == reeve.Logon || e.Kind == reeve.LogCleared {
			list = append(list, e)
		}
	}
	if len(list) > maxMoments {
		d.cut(fmt.Sprintf("of %d moments the timeline shows the %d nearest to its start", len(list), maxMoments))
		away := func(e *reeve.Event) reeve.Time { return max(e.Time-d.at, d.at-e.Time) }
		slices.SortStableFunc(list, func(a, b *reeve.Event) int { return cmp.Compare(away(a), away(b)) })
		list = list[:maxMoments]
		slices.SortStableFunc(list, func(a, b *reeve.Event) int { return cmp.Or(cmp.Compare(a.Time, b.Time), a.Ref.Compare(b.Ref)) })
	}
	var out []reeve.Moment
	for _, e := range list {
		out = append(out, reeve.Moment{Time: e.Time, Kind: e.Kind, Says: words(e), Ref: e.Ref})
	}
	return out
}

// inQuestion tells whether an event is about a file whose story is the case's.
func (d *draft) inQuestion(e *reeve.Event) bool {
	for _, a := range [...]reeve.Attr{reeve.AttrPath, reeve.AttrLoadedImage} {
		if p := e.Get(a); p != "" {
			p = strings.ToLower(p[:len(p)-len(playbook.ZoneStream(p))])
			if slices.Contains(d.files, p) {
				return true
			}
		}
	}
	return false
}

// telling are the properties that say most of an event, the first that it has.
func telling() []reeve.Attr {
	return []reeve.Attr{reeve.AttrPath, reeve.AttrLoadedImage, reeve.AttrKey, reeve.AttrQuery, reeve.AttrTargetImage, reeve.AttrPipe, reeve.AttrName, reeve.AttrTargetUser, reeve.AttrURL,
		reeve.AttrContent, reeve.AttrMessage}
}

// words says an event in a line: who, what kind, and the property that tells most.
func words(e *reeve.Event) string {
	who := baseOf(e.Get(reeve.AttrImage))
	what := ""
	for _, a := range telling() {
		if what = e.Get(a); what != "" {
			break
		}
	}
	switch e.Kind {
	case reeve.ProcessStart:
		what = cmp.Or(e.Get(reeve.AttrCommandLine), e.Get(reeve.AttrImage))
		if parent := baseOf(e.Get(reeve.AttrParentImage)); parent != "" {
			who = parent
		}
		return who + " started " + what
	case reeve.ProcessEnd:
		return who + " ended"
	case reeve.NetworkConnect:
		what = cmp.Or(e.Get(reeve.AttrDestHost), e.Get(reeve.AttrDestIP)) + ":" + e.Get(reeve.AttrDestPort)
	case reeve.RegistrySet:
		what += " = " + e.Get(reeve.AttrDetails)
	case reeve.Logon:
		what += " type " + e.Get(reeve.AttrLogon) + " " + e.Get(reeve.AttrSourceIP)
	}
	return strings.TrimSpace(who + " " + strings.ReplaceAll(string(e.Kind), "_", " ") + " " + what)
}
