package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"reeve"
)

// caseView is a case as the page shows it. What costs something is worked out when the template asks for it.
type caseView struct {
	*reeve.Case
	Number int
	Anchor string
	Full   bool // shown in full, not in the list of cases only
}

// Haystack is what the filter of the page searches in.
func (c caseView) Haystack() string {
	s := &c.Subject
	return visible(clip(fmt.Sprint(title(c.Case), " ", s.Host, " ", s.User, " ", c.ID, " ", c.Verdict.Label, " ", s.CommandLine), 600))
}

// Moments are the lines of the timeline that are listed: those around the execution when there are too many.
func (c caseView) Moments() []reeve.Moment {
	n := len(c.Timeline)
	if n <= maxMoments {
		return c.Timeline
	}
	at := slices.IndexFunc(c.Timeline, func(m reeve.Moment) bool { return m.Time >= c.Subject.Time })
	from := min(max(at-maxMoments/3, 0), n-maxMoments)
	return c.Timeline[from : from+maxMoments]
}

// detailView is a row of an answer's details; a name that stands in the row above is left out.
type detailView struct {
	Name, Value string
	Refs        []reeve.Ref
}

// detailsOf are the details of an answer without what its sentence says already; equal rows stand once.
func detailsOf(a reeve.Answer) []detailView {
	var list []detailView
	for _, d := range a.Details {
		if strings.Contains(strings.ToLower(a.Says), strings.ToLower(d.Value)) && !slices.ContainsFunc(d.Refs, func(r reeve.Ref) bool { return !slices.Contains(a.Refs, r) }) {
			continue
		}
		at := slices.IndexFunc(list, func(v detailView) bool { return v.Name == d.Name && v.Value == d.Value })
		if at < 0 {
			list = append(list, detailView{d.Name, d.Value, d.Refs})
		} else {
			list[at].Refs = slices.Concat(list[at].Refs, d.Refs)
		}
	}
	for i := len(list) - 1; i > 0; i-- {
		if list[i].Name == list[i-1].Name {
			list[i].Name = ""
		}
	}
	return list
}

// needView is what would answer questions, with the questions that lack it.
type needView struct {
	Enable string
	For    []string
}

// Needs are what the answers lack, each once. A list that nobody gave is no lack of the evidence.
func (c caseView) Needs() []needView {
	var out []needView
	for _, a := range answered(c.Case) {
		if a.Value == "not_asked" {
			continue
		}
		for _, m := range a.Missing {
			at := slices.IndexFunc(out, func(n needView) bool { return n.Enable == m.Enable })
			if at < 0 {
				at = len(out)
				out = append(out, needView{Enable: m.Enable})
			}
			if !slices.Contains(out[at].For, a.Question) {
				out[at].For = append(out[at].For, a.Question)
			}
		}
	}
	return out
}

// nodeView is a process of the tree with those below it.
type nodeView struct {
	*reeve.Node
	Below []*nodeView
	up    *nodeView
	depth int
}

// Roots nests the tree. A parent stands before its children; one that does not, or is unknown, makes its child a root. Below
// maxDepth children stand beside their parent, so that no evidence can nest the page without end.
func (c caseView) Roots() []*nodeView {
	var roots []*nodeView
	byID := map[string]*nodeView{}
	for i := range c.Tree[:min(len(c.Tree), maxNodes)] {
		n := &nodeView{Node: &c.Tree[i]}
		parent := byID[n.Parent]
		switch {
		case n.Parent == "" || parent == nil:
			roots = append(roots, n)
			n.depth = 1
		case parent.depth >= maxDepth:
			n.depth, n.up = maxDepth, parent.up
			parent.up.Below = append(parent.up.Below, n)
		default:
			n.depth, n.up = parent.depth+1, parent
			parent.Below = append(parent.Below, n)
		}
		if byID[n.ID] == nil {
			byID[n.ID] = n
		}
	}
	return roots
}

// lane groups kinds of event in the strip.
type lane struct {
	Name string
	Y    int
}

var laneNames = [...]string{"process", "file", "network", "system", "logon"}

// laneOf puts a kind into its lane.
func laneOf(k reeve.Kind) int {
	switch k {
	case reeve.FileCreate, reeve.FileTime, reeve.FileDelete, reeve.FileStream, reeve.FileExecutable, reeve.FileBlocked, reeve.FileAccess, reeve.DiskImage:
		return 1
	case reeve.NetworkConnect, reeve.DNSQuery, reeve.BITSJob, reeve.ShareAccess, reeve.PipeCreate, reeve.PipeConnect:
		return 2
	case reeve.RegistryKey, reeve.RegistrySet, reeve.RegistryRename, reeve.ServiceInstall, reeve.ServiceState, reeve.TaskChange, reeve.TaskRun,
		reeve.WMISubscription, reeve.WMIActivity, reeve.LogCleared, reeve.AuditChange, reeve.ClockChange, reeve.Boot, reeve.Shutdown, reeve.Malware,
		reeve.ASRBlock, reeve.AppControl, reeve.Installer:
		return 3
	case reeve.Logon, reeve.LogonFailed, reeve.Logoff, reeve.ExplicitLogon, reeve.AdminLogon, reeve.SessionChange, reeve.RemoteSession:
		return 4
	}
	return 0
}

// tick is a moment on the strip, with those that would hide behind it.
type tick struct {
	X     float64
	Y     int
	More  int
	Lane  string
	Title string
}

// pause is a stretch of the strip in which nothing happened.
type pause struct {
	X    float64
	Says string
}

// strip is the timeline as a small picture. Distances grow with the logarithm of the time between moments, so that a download
// two days before and a burst within a second both stay legible; long pauses are named.
type strip struct {
	Lanes    []lane
	Ticks    []tick
	Pauses   []pause
	Height   int
	Subject  float64 // where the subject started; 0 when it lies outside
	From, To string
}

const (
	stripLeft, stripRight = 64.0, 880.0
	laneHeight            = 22
)

// Strip draws the moments that have a time; nil when there are fewer than two.
func (c caseView) Strip() *strip {
	var list []reeve.Moment
	for _, m := range c.Moments() {
		if m.Time > 0 {
			list = append(list, m)
		}
	}
	if len(list) < 2 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b reeve.Moment) int { return int(min(max(a.Time-b.Time, -1), 1)) })
	at := make([]float64, len(list))
	for i := 1; i < len(list); i++ {
		gap := float64(list[i].Time-list[i-1].Time) / float64(reeve.Second)
		at[i] = at[i-1] + 0.15 + math.Log1p(gap)
	}
	scale := (stripRight - stripLeft - 24) / at[len(at)-1]
	s := &strip{From: when(list[0].Time), To: when(list[len(list)-1].Time)}
	var used [len(laneNames)]bool
	for _, m := range list {
		used[laneOf(m.Kind)] = true
	}
	var y [len(laneNames)]int
	for i, ok := range used {
		if ok {
			y[i] = 30 + len(s.Lanes)*laneHeight
			s.Lanes = append(s.Lanes, lane{laneNames[i], y[i]})
		}
	}
	s.Height = 30 + len(s.Lanes)*laneHeight
	var last [len(laneNames)]int // the latest tick of a lane, counted from 1
	for i, m := range list {
		x := stripLeft + 12 + at[i]*scale
		l := laneOf(m.Kind)
		if last[l] > 0 && x-s.Ticks[last[l]-1].X < 6 {
			s.Ticks[last[l]-1].More++
		} else {
			s.Ticks = append(s.Ticks, tick{round(x), y[l], 0, laneNames[l], when(m.Time) + "  " + visible(clip(m.Says, 80))})
			last[l] = len(s.Ticks)
		}
		if m.Time == c.Subject.Time && (s.Subject == 0 || m.Kind == reeve.ProcessStart) {
			s.Subject = round(x)
		}
		if i > 0 && (at[i]-at[i-1])*scale > 70 {
			s.Pauses = append(s.Pauses, pause{round(x - (at[i]-at[i-1])*scale/2), span(m.Time - list[i-1].Time)})
		}
	}
	return s
}

func round(f float64) float64 { return math.Round(f*10) / 10 }
