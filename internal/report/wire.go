package report

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"reeve"
	"reeve/schema"
)

// The wire structs are the contract of package schema in Go: a pointer is a scalar that may be unknown, a list is never nil.
// Keys stand in the order of the contract.

type wireInvestigation struct {
	Schema   string         `json:"schema"`
	Tool     wireTool       `json:"tool"`
	Evidence wireEvidence   `json:"evidence"`
	Coverage []wireCoverage `json:"coverage"`
	Triage   []wireTriaged  `json:"triage"`
	Cases    []wireCase     `json:"cases"`
	Gaps     []wireGap      `json:"gaps"`
}

type wireTool struct {
	Version       *string     `json:"version"`
	FactsRevision *string     `json:"facts_revision"`
	Rules         []wireRules `json:"rules"`
	Options       []wireNamed `json:"options"`
}

type wireRules struct {
	Path   string  `json:"path"`
	Count  int     `json:"count"`
	SHA256 *string `json:"sha256"`
}

type wireNamed struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type wireEvidence struct {
	Files []wireFile `json:"files"`
	Hosts []string   `json:"hosts"`
	First *string    `json:"first"`
	Last  *string    `json:"last"`
}

type wireFile struct {
	Path       string     `json:"path"`
	Format     *string    `json:"format"`
	SHA256     *string    `json:"sha256"`
	Records    int        `json:"records"`
	Duplicates int        `json:"duplicates"`
	Errors     []wireLoss `json:"errors"`
}

type wireLoss struct {
	Says     string        `json:"says"`
	Citation *wireCitation `json:"citation"`
}

type wireCoverage struct {
	Host     string     `json:"host"`
	Channels []wireSeen `json:"channels"`
	Kinds    []wireSeen `json:"kinds"`
	Gaps     []wireGap  `json:"gaps"`
}

type wireSeen struct {
	Name    string  `json:"name"`
	Records int     `json:"records"`
	First   *string `json:"first"`
	Last    *string `json:"last"`
}

type wireGap struct {
	Host     *string       `json:"host"`
	Channel  *string       `json:"channel"`
	Kind     string        `json:"kind"`
	From     *string       `json:"from"`
	To       *string       `json:"to"`
	Says     string        `json:"says"`
	Citation *wireCitation `json:"citation"`
}

type wireTriaged struct {
	LOLBin  string        `json:"lolbin"`
	Seen    int           `json:"seen"`
	InCases int           `json:"in_cases"`
	LeftOut []wireLeftOut `json:"left_out"`
}

type wireLeftOut struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

type wireCitation struct {
	File     string  `json:"file"`
	RecordID *uint64 `json:"record_id"`
	Offset   int64   `json:"offset"`
	Line     *int    `json:"line"`
}

type wireHashes struct {
	MD5     *string `json:"md5"`
	SHA1    *string `json:"sha1"`
	SHA256  *string `json:"sha256"`
	IMPHASH *string `json:"imphash"`
}

type wireCase struct {
	ID          string           `json:"id"`
	Subject     wireSubject      `json:"subject"`
	LOLBin      *wireLOLBin      `json:"lolbin"`
	Payloads    []wirePayload    `json:"payloads"`
	Verdict     wireVerdict      `json:"verdict"`
	Answers     []wireAnswer     `json:"answers"`
	Findings    []wireFinding    `json:"findings"`
	Occurrences []wireOccurrence `json:"occurrences"`
	Tree        []wireNode       `json:"tree"`
	Indicators  []wireIndicator  `json:"indicators"`
	Related     []wireRelation   `json:"related"`
	NextSteps   []string         `json:"next_steps"`
}

type wireSubject struct {
	Host             *string    `json:"host"`
	Time             *string    `json:"time"`
	Image            *string    `json:"image"`
	CommandLine      *string    `json:"command_line"`
	ProcessGUID      *string    `json:"process_guid"`
	PID              *uint32    `json:"pid"`
	User             *string    `json:"user"`
	OriginalFileName *string    `json:"original_file_name"`
	Hashes           wireHashes `json:"hashes"`
}

type wireLOLBin struct {
	Name       string   `json:"name"`
	Techniques []string `json:"techniques"`
}

type wirePayload struct {
	Kind        string         `json:"kind"`
	Image       *string        `json:"image"`
	CommandLine *string        `json:"command_line"`
	Hashes      wireHashes     `json:"hashes"`
	Citations   []wireCitation `json:"citations"`
}

type wireVerdict struct {
	Label       string          `json:"label"`
	Score       int             `json:"score"`
	Confidence  float64         `json:"confidence"`
	Because     []wireStatement `json:"because"`
	WouldChange []wireStatement `json:"would_change"`
}

type wireStatement struct {
	Says      string         `json:"says"`
	Citations []wireCitation `json:"citations"`
}

type wireAnswer struct {
	Question  string         `json:"question"`
	Value     string         `json:"value"`
	Stance    string         `json:"stance"`
	Says      string         `json:"says"`
	Points    int            `json:"points"`
	Detail    []wireDetail   `json:"detail"`
	Missing   []wireNeed     `json:"missing"`
	Citations []wireCitation `json:"citations"`
}

type wireDetail struct {
	Name      string         `json:"name"`
	Value     string         `json:"value"`
	Citations []wireCitation `json:"citations"`
}

type wireNeed struct {
	Needs  string `json:"needs"`
	Enable string `json:"enable"`
}

type wireFinding struct {
	RuleID    *string        `json:"rule_id"`
	Title     string         `json:"title"`
	Level     string         `json:"level"`
	Citations []wireCitation `json:"citations"`
}

type wireOccurrence struct {
	Host        *string       `json:"host"`
	Time        *string       `json:"time"`
	PID         *uint32       `json:"pid"`
	ProcessGUID *string       `json:"process_guid"`
	User        *string       `json:"user"`
	Citation    *wireCitation `json:"citation"`
}

type wireNode struct {
	ID          string         `json:"id"`
	Parent      *string        `json:"parent"`
	Image       *string        `json:"image"`
	CommandLine *string        `json:"command_line"`
	PID         *uint32        `json:"pid"`
	ProcessGUID *string        `json:"process_guid"`
	Start       *string        `json:"start"`
	Inferred    bool           `json:"inferred"`
	Citations   []wireCitation `json:"citations"`
}

type wireIndicator struct {
	Type      string         `json:"type"`
	Value     string         `json:"value"`
	Citations []wireCitation `json:"citations"`
}

type wireRelation struct {
	Case string `json:"case"`
	Why  string `json:"why"`
}

// each converts a list; the result is never nil.
func each[T, W any](list []T, convert func(*T) W) []W {
	out := make([]W, 0, len(list))
	for i := range list {
		out = append(out, convert(&list[i]))
	}
	return out
}

// orNull makes an empty text unknown, where the root has no other way of saying so.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// timeOrNull leaves out the times that RFC 3339 cannot write: unknown ones and those after the year 9999.
func timeOrNull(t reeve.Time) *string {
	if t.Std().Year() > 9999 {
		return nil
	}
	return orNull(t.String())
}

// pidOrNull takes 0 for unknown: the idle process has no record of its own and starts nothing.
func pidOrNull(pid uint32) *uint32 {
	if pid == 0 {
		return nil
	}
	return &pid
}

// hashOrNull admits hexadecimal of the right length only, in lower case.
func hashOrNull(s string, digits int) *string {
	if _, err := hex.DecodeString(s); err != nil || len(s) != digits {
		return nil
	}
	s = strings.ToLower(s)
	return &s
}

func wire(inv *reeve.Investigation) wireInvestigation {
	gaps := slices.SortedStableFunc(slices.Values(inv.Gaps), func(a, b reeve.Gap) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Channel, b.Channel), cmp.Compare(a.From, b.From))
	})
	return wireInvestigation{
		Schema: schema.Version,
		Tool: wireTool{
			Version: orNull(inv.Tool.Version), FactsRevision: orNull(inv.Tool.FactsRevision),
			Rules: each(inv.Tool.Rules, func(r *reeve.RuleSource) wireRules {
				return wireRules{r.Path, r.Count, hashOrNull(r.SHA256, 64)}
			}),
			Options: each(inv.Tool.Options, func(o *reeve.NamedValue) wireNamed { return wireNamed(*o) }),
		},
		Evidence: wireEvidence{
			Files: each(inv.Evidence.Files, fileOf), Hosts: slices.DeleteFunc(append([]string{}, inv.Evidence.Hosts...), func(h string) bool { return h == "" }),
			First: timeOrNull(inv.Evidence.First), Last: timeOrNull(inv.Evidence.Last),
		},
		Coverage: each(inv.Coverage, func(h *reeve.HostCoverage) wireCoverage {
			return wireCoverage{h.Host, each(h.Channels, seenOf), each(h.Kinds, seenOf), each(h.Gaps, gapOf)}
		}),
		Triage: each(inv.Triage, func(t *reeve.Triaged) wireTriaged {
			return wireTriaged{t.LOLBin, t.Seen, t.InCases, each(t.LeftOut, func(l *reeve.LeftOut) wireLeftOut { return wireLeftOut(*l) })}
		}),
		Cases: each(inv.Cases, caseOf),
		Gaps:  each(gaps, gapOf),
	}
}

func fileOf(f *reeve.File) wireFile {
	out := wireFile{
		Path: f.Path, Format: orNull(f.Format), SHA256: hashOrNull(f.SHA256, 64), Records: f.Records, Duplicates: f.Duplicates,
		Errors: each(f.Errors, func(e *reeve.ReadError) wireLoss { return wireLoss{reason(e), citationOrNull(e.Ref)} }),
	}
	if f.MoreErrors > 0 {
		out.Errors = append(out.Errors, wireLoss{moreErrors(f), &wireCitation{File: f.Path}})
	}
	return out
}

func moreErrors(f *reeve.File) string { return fmt.Sprintf("%d more are not listed", f.MoreErrors) }

// reason is a loss without its position, which stands in the citation.
func reason(e *reeve.ReadError) string {
	if e.Err == nil {
		return "unknown"
	}
	return e.Err.Error()
}

func seenOf(s *reeve.Seen) wireSeen {
	return wireSeen{s.Name, s.Records, timeOrNull(s.First), timeOrNull(s.Last)}
}

func gapOf(g *reeve.Gap) wireGap {
	return wireGap{orNull(g.Host), orNull(g.Channel), g.Kind, timeOrNull(g.From), timeOrNull(g.To), g.Says, citationOrNull(g.Ref)}
}

func citationOrNull(r reeve.Ref) *wireCitation {
	if r.File == "" {
		return nil
	}
	c := wireCitation{File: r.File, Offset: max(r.Offset, 0)}
	if r.HasID {
		c.RecordID = &r.RecordID
	}
	if r.Line > 0 {
		c.Line = &r.Line
	}
	return &c
}

// citations leaves out the zero Ref, which is no position.
func citations(refs []reeve.Ref) []wireCitation {
	out := make([]wireCitation, 0, len(refs))
	for _, r := range refs {
		if c := citationOrNull(r); c != nil {
			out = append(out, *c)
		}
	}
	return out
}

func hashesOf(h *reeve.Hashes) wireHashes {
	return wireHashes{hashOrNull(h.MD5, 32), hashOrNull(h.SHA1, 40), hashOrNull(h.SHA256, 64), hashOrNull(h.IMPHASH, 32)}
}

func caseOf(c *reeve.Case) wireCase {
	out := wireCase{
		ID: c.ID, Subject: subjectOf(&c.Subject),
		Payloads: each(c.Payloads, func(p *reeve.Payload) wirePayload {
			return wirePayload{p.Kind, orNull(p.Image), orNull(p.CommandLine), hashesOf(&p.Hashes), citations(p.Refs)}
		}),
		Verdict: wireVerdict{c.Verdict.Label.String(), c.Verdict.Score, share(c.Verdict.Confidence),
			each(c.Verdict.Because, statementOf), each(c.Verdict.WouldChange, statementOf)},
		Answers: each(answered(c), answerOf),
		Findings: each(c.Findings, func(f *reeve.Finding) wireFinding {
			return wireFinding{orNull(f.RuleID), f.Title, f.Level.String(), citations(f.Refs)}
		}),
		Occurrences: each(c.Occurrences, func(o *reeve.Occurrence) wireOccurrence {
			return wireOccurrence{orNull(o.Host), timeOrNull(o.Time), pidOrNull(o.PID), orNull(o.GUID.String()), orNull(o.User), citationOrNull(o.Ref)}
		}),
		Tree: each(c.Tree, func(n *reeve.Node) wireNode {
			return wireNode{n.ID, orNull(n.Parent), orNull(n.Image), orNull(n.CommandLine), pidOrNull(n.PID), orNull(n.GUID.String()),
				timeOrNull(n.Start), n.Inferred, citations(n.Refs)}
		}),
		Indicators: each(c.Indicators, func(i *reeve.Indicator) wireIndicator { return wireIndicator{i.Type, i.Value, citations(i.Refs)} }),
		Related:    each(c.Related, func(r *reeve.Relation) wireRelation { return wireRelation(*r) }),
		NextSteps:  append([]string{}, c.NextSteps...),
	}
	if c.LOLBin != nil {
		out.LOLBin = &wireLOLBin{c.LOLBin.Name, append([]string{}, c.LOLBin.Techniques...)}
	}
	return out
}

// share keeps a confidence within 0 to 1.
func share(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return min(max(f, 0), 1)
}

func subjectOf(s *reeve.Subject) wireSubject {
	out := wireSubject{
		Host: orNull(s.Host), Time: timeOrNull(s.Time), Image: orNull(s.Image), ProcessGUID: orNull(s.GUID.String()), PID: pidOrNull(s.PID),
		User: orNull(s.User), OriginalFileName: orNull(s.OriginalFileName), Hashes: hashesOf(&s.Hashes),
	}
	if s.HasCommandLine {
		out.CommandLine = &s.CommandLine
	}
	return out
}

func statementOf(s *reeve.Statement) wireStatement { return wireStatement{s.Says, citations(s.Refs)} }

func answerOf(a *reeve.Answer) wireAnswer {
	return wireAnswer{
		Question: a.Question, Value: a.Value, Stance: a.Stance.String(), Says: a.Says, Points: a.Points,
		Detail:    each(a.Details, func(d *reeve.Detail) wireDetail { return wireDetail{d.Name, d.Value, citations(d.Refs)} }),
		Missing:   each(a.Missing, func(n *reeve.Need) wireNeed { return wireNeed(*n) }),
		Citations: citations(a.Refs),
	}
}

// techniquesOf joins the ATT&CK ids of a case with those of its LOLBAS entry, in order, each once, in upper case.
func techniquesOf(c *reeve.Case) []string {
	out := slices.Clone(c.Techniques)
	if c.LOLBin != nil {
		out = append(out, c.LOLBin.Techniques...)
	}
	for i := range out {
		out[i] = strings.ToUpper(out[i])
	}
	slices.Sort(out)
	return slices.Compact(out)
}
