package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"reeve"
)

// Markdown writes the investigation for a ticket or a wiki. Text of evidence stands in code or has every character escaped
// that Markdown or HTML gives a meaning.
func Markdown(w io.Writer, inv *reeve.Investigation, opt Options) error {
	m := markdown{guide: guideOf(opt), numbers: map[reeve.Ref]int{}}
	s := summarise(inv)
	m.line("# Investigation")
	m.line("%s", prose(s.Headline()))
	for _, why := range append(whyNothing(inv), inv.Unfound...) {
		m.item("%s", prose(why))
	}
	m.gap()
	m.item("Evidence: %s, %s, %s; %s", count(s.Files, "file"), count(s.Records, "record"), count(s.Duplicates, "duplicate"), count(s.Errors, "error"))
	if from, to := when(inv.Evidence.First), when(inv.Evidence.Last); from != "" && to != "" {
		m.item("Time: %s to %s", from, to)
	}
	m.item("Hosts: %s", number(s.Hosts))
	m.item("LOLBAS executions: %s seen, %s in cases, %s left out", number(s.Seen), number(s.InCases), number(s.LeftOut))
	for i := range inv.Cases {
		m.kase(&inv.Cases[i])
	}
	m.limits(inv)
	m.line("## Run")
	m.item("reeve %s, facts %s", prose(inv.Tool.Version), prose(inv.Tool.FactsRevision))
	for _, r := range inv.Tool.Rules {
		m.item("Rules %s: %s, %s without records, %s inactive, %s failed", code(r.Path), number(r.Count), number(r.Idle), number(r.Inactive), number(r.Failed))
	}
	for _, o := range inv.Tool.Options {
		m.item("Option %s %s", code(o.Name), code(o.Value))
	}
	for _, n := range inv.Notes {
		m.item("%s", prose(n))
	}
	if len(m.records) > 0 {
		m.line("## Records")
	}
	for i, r := range m.records {
		fmt.Fprintf(&m.out, "%d. %s\n", i+1, code(position(r)))
	}
	_, err := w.Write(m.out.Bytes())
	return err
}

// markdown builds a document; its methods take text that is already escaped.
type markdown struct {
	out   bytes.Buffer
	guide map[string]Guide
	items bool // within a list

	numbers map[reeve.Ref]int
	records []reeve.Ref // as numbered
}

func (m *markdown) gap() {
	if m.items {
		m.out.WriteByte('\n')
		m.items = false
	}
}

func (m *markdown) line(format string, args ...any) {
	m.gap()
	fmt.Fprintf(&m.out, format, args...)
	m.out.WriteString("\n\n")
}

func (m *markdown) item(format string, args ...any) {
	fmt.Fprintf(&m.out, "- "+format+"\n", args...)
	m.items = true
}

// list writes a heading and statements below it, or nothing.
func (m *markdown) list(heading string, list []reeve.Statement) {
	if len(list) == 0 {
		return
	}
	m.line("**%s**", heading)
	for _, s := range list {
		m.item("%s%s", prose(s.Says), m.cite(s.Refs))
	}
}

func (m *markdown) kase(c *reeve.Case) {
	s := &c.Subject
	m.line("## %s: %s", strings.ToUpper(c.Verdict.Label.String()), prose(clip(title(c), 200)))
	m.item("Score %s, core questions answered %s", signed(c.Verdict.Score), core(c))
	for _, row := range [...]struct{ name, value string }{
		{"Time", when(s.Time)}, {"Host", s.Host}, {"User", s.User}, {"Image", s.Image}, {"Command line", s.CommandLine},
		{"Process", strings.TrimSpace(pidCell(s.PID) + " " + s.GUID.String())}, {"Original file name", s.OriginalFileName}, {"SHA-256", s.Hashes.SHA256},
		{"Techniques", strings.Join(techniquesOf(c), " ")}, {"Case", c.ID},
	} {
		if row.value != "" {
			m.item("%s: %s", row.name, code(clip(row.value, 4000)))
		}
	}
	if n := len(c.Occurrences); n > 1 {
		m.item("Runs: %s", number(n))
	}
	for i := range c.Payloads {
		p := &c.Payloads[i]
		what := p.CommandLine
		if what == "" {
			what = p.Image
		}
		m.item("Ran (%s): %s%s", prose(p.Kind), code(clip(what, 2000)), m.cite(p.Refs))
	}
	m.list("Because", c.Verdict.Because)
	m.list("What would change this", c.Verdict.WouldChange)
	m.line("**Questions**")
	for _, a := range answered(c) {
		m.item("**%s** %s (%s, %+d): %s%s", prose(m.guide[a.Question].Text), prose(words(a.Value)), a.Stance, a.Points, prose(a.Says), m.cite(a.Refs))
		for _, n := range a.Missing {
			m.out.WriteString("  ")
			m.item("Missing: %s. To enable: %s.", prose(strings.TrimRight(n.Needs, ".")), prose(strings.TrimRight(n.Enable, ".")))
		}
	}
	m.rest(c)
}

// rest writes findings, indicators, related cases and next steps of a case.
func (m *markdown) rest(c *reeve.Case) {
	if len(c.Findings) > 0 {
		m.line("**Rules that matched**")
		for i := range c.Findings {
			f := &c.Findings[i]
			m.item("%s: %s (%s)%s", f.Level, prose(f.Title), code(f.RuleID), m.cite(f.Refs))
		}
	}
	if len(c.Indicators) > 0 {
		m.line("**Indicators**")
		for _, i := range c.Indicators {
			m.item("%s: %s%s", prose(i.Type), code(clip(defang(i.Type, i.Value), 1000)), m.cite(i.Refs))
		}
	}
	if len(c.Related) > 0 {
		m.line("**Related cases**")
		for _, r := range c.Related {
			m.item("%s: %s", code(r.Case), prose(r.Why))
		}
	}
	if len(c.NextSteps) > 0 {
		m.line("**Next steps**")
		for _, s := range c.NextSteps {
			m.item("%s", prose(s))
		}
	}
}

// limits lists what the evidence cannot show: gaps and read errors.
func (m *markdown) limits(inv *reeve.Investigation) {
	m.line("## Blind spots")
	if len(inv.Gaps) == 0 {
		m.item("No gap was found in the evidence.")
	}
	for i := range inv.Gaps {
		g := &inv.Gaps[i]
		m.item("%s %s: %s%s", code(g.Host), prose(g.Channel), prose(g.Says), m.cite([]reeve.Ref{g.Ref}))
	}
	for i := range inv.Coverage {
		for _, n := range inv.Coverage[i].Lacks {
			m.item("%s lacks %s: %s", code(inv.Coverage[i].Host), prose(n.Needs), prose(n.Enable))
		}
	}
	for i := range inv.Evidence.Files {
		f := &inv.Evidence.Files[i]
		for k := range f.Errors {
			m.item("Not read: %s%s", prose(reason(&f.Errors[k])), m.cite([]reeve.Ref{f.Errors[k].Ref}))
		}
		if f.MoreErrors > 0 {
			m.item("Not read: %s: %s", code(f.Path), moreErrors(f))
		}
		if f.Records == 0 && f.Says != "" {
			m.item("No records: %s: %s", code(f.Path), prose(f.Says))
		}
	}
}

// cite refers to records by the numbers that they have in the list at the end, given in the order of citing.
func (m *markdown) cite(refs []reeve.Ref) string {
	const most = 6
	var numbers []string
	for _, r := range refs {
		if r.File == "" {
			continue
		}
		if len(numbers) == most {
			numbers = append(numbers, "\u2026")
			break
		}
		n := m.numbers[r]
		if n == 0 {
			m.records = append(m.records, r)
			n = len(m.records)
			m.numbers[r] = n
		}
		if s := fmt.Sprint(n); !slices.Contains(numbers, s) {
			numbers = append(numbers, s)
		}
	}
	if len(numbers) == 0 {
		return ""
	}
	return " [" + strings.Join(numbers, ", ") + "]"
}

// prose escapes a text so that Markdown and HTML show it as it is: no emphasis, link, image, autolink, mention, formula, list
// or markup can begin in it.
func prose(s string) string {
	s = strings.TrimSpace(visible(s))
	var b strings.Builder
	for i, r := range s {
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '@':
			b.WriteString("&#64;")
		case '\\', '`', '*', '_', '[', ']', '|', '~', '#', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case ':':
			if strings.HasPrefix(s[i:], "://") {
				b.WriteString("&#58;")
			} else {
				b.WriteRune(r)
			}
		case '.':
			if i >= 3 && strings.EqualFold(s[i-3:i], "www") || digits(s[:i]) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		case '-', '+', '=', ')':
			if i == 0 || r == ')' && digits(s[:i]) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// digits tells whether a text is a number, which with "." or ")" behind it begins a list.
func digits(s string) bool { return s != "" && len(s) < 10 && strings.Trim(s, "0123456789") == "" }

// code shows a text of evidence as code. A code span escapes nothing, so a text that could end it or open markup becomes an
// element with every mark in it as an entity.
func code(s string) string {
	s = visible(s)
	if s == "" {
		return ""
	}
	if !strings.ContainsAny(s, "<`") {
		if s[0] == ' ' || s[len(s)-1] == ' ' {
			s = " " + s + " "
		}
		return "`" + s + "`"
	}
	var b strings.Builder
	b.WriteString("<code>")
	for _, r := range s {
		if r > ' ' && r < 0x7f && !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteString("</code>")
	return b.String()
}

// guideOf gives every question a text, the playbook's where it was given.
func guideOf(opt Options) map[string]Guide {
	out := map[string]Guide{}
	for _, q := range questions {
		out[q.id] = Guide{ID: q.id, Text: q.text}
	}
	for _, g := range opt.Guide {
		if _, ok := out[g.ID]; ok && g.Text != "" {
			out[g.ID] = g
		}
	}
	return out
}
