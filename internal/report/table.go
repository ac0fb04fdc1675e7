package report

import (
	"bytes"
	"cmp"
	"fmt"
	"image/color"
	"io"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"reeve"
)

const (
	defaultWidth = 100
	minWidth     = 40
	wide         = 16 // columns before a text that stands beside a label
	narrow       = 12 // the same beside a word of the summary
	indent       = 6  // the same within a case
)

// Table writes the investigation for a terminal. A reader of long output sees its end, so the gravest case stands last, right
// above the summary, and each case that is no cause for concern takes one line.
func Table(w io.Writer, inv *reeve.Investigation, opt Options) error {
	p, hosts := newPainter(opt), shortNames(inv)
	for i := len(inv.Cases) - 1; i >= 0; i-- {
		c := &inv.Cases[i]
		grave := c.Verdict.Label.Rank() >= reeve.Suspicious.Rank()
		if i+1 < len(inv.Cases) && (grave || c.Verdict.Label != inv.Cases[i+1].Verdict.Label) {
			p.gap()
		}
		if grave {
			p.kase(c)
		} else {
			p.brief(c, hosts)
		}
	}
	if len(inv.Cases) > 0 {
		p.gap()
	}
	p.summary(inv)
	return p.flush(w)
}

// painter lays text out within a width. Every text given to it is already visible; nothing of evidence reaches it otherwise.
type painter struct {
	out   bytes.Buffer
	width int
	color bool
}

func newPainter(opt Options) *painter {
	p := &painter{width: opt.Width, color: opt.Color}
	if p.width <= 0 {
		p.width = defaultWidth
	}
	p.width = max(p.width, minWidth)
	return p
}

func (p *painter) flush(w io.Writer) error {
	_, err := w.Write(p.out.Bytes())
	return err
}

func (p *painter) gap() { p.out.WriteByte('\n') }

func (p *painter) style(s string, style lipgloss.Style) string {
	if !p.color || s == "" {
		return s
	}
	return style.Render(s)
}

// paint colours a text with one of the terminal's own sixteen colours, so that it suits the user's theme.
func (p *painter) paint(s string, c color.Color, bold bool) string {
	return p.style(s, lipgloss.NewStyle().Foreground(c).Bold(bold))
}

func (p *painter) dim(s string) string  { return p.style(s, lipgloss.NewStyle().Faint(true)) }
func (p *painter) bold(s string) string { return p.style(s, lipgloss.NewStyle().Bold(true)) }

// label is a verdict with its sign, so that it does not live by colour alone.
func (p *painter) label(l reeve.Label) string {
	l = min(l, reeve.Malicious)
	sign := [...]string{"?", "\u2713", "\u2713", "!", "\u2717"}[l]
	c := [...]color.Color{lipgloss.Magenta, lipgloss.Green, lipgloss.Cyan, lipgloss.Yellow, lipgloss.Red}[l]
	return p.paint(sign+" "+strings.ToUpper(l.String()), c, true)
}

func (p *painter) level(l reeve.Level) string {
	c := [...]color.Color{lipgloss.BrightBlack, lipgloss.Green, lipgloss.Yellow, lipgloss.BrightYellow, lipgloss.Red}[l]
	return p.paint(l.String(), c, true)
}

// line writes a text over the full width.
func (p *painter) line(s string) {
	p.out.WriteString(lipgloss.Wrap(s, p.width, ""))
	p.gap()
}

// row writes a head in the margin and lines beside it, each wrapped.
func (p *painter) row(margin int, head string, lines ...string) {
	for _, l := range lines {
		if l == "" {
			continue
		}
		for _, part := range strings.Split(lipgloss.Wrap(l, p.width-margin, ""), "\n") {
			p.out.WriteString(head)
			p.out.WriteString(strings.Repeat(" ", max(margin-lipgloss.Width(head), 1)))
			p.out.WriteString(strings.TrimRight(part, " "))
			p.gap()
			head = ""
		}
	}
}

// fit cuts a line that would wrap.
func (p *painter) fit(s string, margin int) string {
	room := p.width - margin
	if lipgloss.Width(s) <= room {
		return s
	}
	return lipgloss.NewStyle().MaxWidth(room-1).Render(s) + "\u2026"
}

// kase tells a case: what ran where, the strongest reasons, and what was not answered.
func (p *painter) kase(c *reeve.Case) {
	s := &c.Subject
	head := p.label(c.Verdict.Label) + " " + p.bold(visible(ellipsis(runs(c), p.width-wide)))
	where := strings.TrimSpace(seconds(s.Time) + " on " + visible(cmp.Or(s.Host, nameless)))
	if s.User != "" {
		where += " as " + visible(s.User)
	}
	if lipgloss.Width(head)+2+lipgloss.Width(where) <= p.width {
		head, where = head+"  "+where, ""
	}
	p.line(head)
	p.row(indent, "", where)
	if s.CommandLine != "" {
		p.row(indent, "", visible(ellipsis(s.CommandLine, 2*(p.width-indent)-4)))
	} else {
		p.row(indent, "", p.dim("the evidence states no command line"))
	}
	const reasons = 3 // the report has them all
	for _, b := range c.Verdict.Because[:min(len(c.Verdict.Because), reasons)] {
		r := reasonOf(b)
		c := map[string]color.Color{"for": lipgloss.Red, "against": lipgloss.Green}[r.Sign]
		p.row(indent, p.paint(fmt.Sprintf("%5s", r.Points), c, false), visible(ellipsis(r.Says, 2*(p.width-indent)-4)))
	}
	foot := fmt.Sprintf("%s in all, core answered %s, case %s", signed(c.Verdict.Score), core(c), visible(c.ID))
	if unknown := unanswered(c); len(unknown) > 0 {
		foot += ", not answerable: " + strings.Join(unknown, ", ")
	}
	p.row(indent, "", p.dim(foot))
}

// brief tells a case in one line, and in a second one what the evidence would have to answer.
func (p *painter) brief(c *reeve.Case, hosts map[string]string) {
	line := p.bold(visible(ellipsis(runs(c), max(p.width-44, 24)))) + p.dim("  "+visible(hostOf(hosts, c.Subject.Host)))
	if t := seconds(c.Subject.Time); t != "" && p.width >= 72 {
		line = p.dim(t[:16]+"Z  ") + line
	}
	if p.width >= 120 {
		line += p.dim("  case " + visible(c.ID))
	}
	p.row(wide, p.label(c.Verdict.Label), p.fit(line, wide))
	if unknown := unanswered(c); len(unknown) > 0 && c.Verdict.Label == reeve.Inconclusive {
		p.row(wide, "", p.fit(p.dim("not answerable: "+strings.Join(unknown, ", ")), wide))
	}
}

// runs is the title of a case with how often it ran.
func runs(c *reeve.Case) string {
	if n := len(c.Occurrences); n > 1 {
		return fmt.Sprintf("%s \u00d7%s", title(c), number(n))
	}
	return title(c)
}

// unanswered lists the questions of a case that the evidence could not answer. What nobody asked is not among them.
func unanswered(c *reeve.Case) []string {
	var out []string
	for _, a := range answered(c) {
		if a.Stance == reeve.Unknown && a.Value != "not_asked" {
			out = append(out, a.Question)
		}
	}
	return out
}

// open are the core questions of a case that the evidence could not answer.
func open(c *reeve.Case) []string {
	return slices.DeleteFunc(unanswered(c), func(q string) bool { return q != "location" && q != "payload" && q != "behaviour" && q != "origin" })
}

func (p *painter) summary(inv *reeve.Investigation) {
	s := summarise(inv)
	p.line(p.bold(s.Headline()))
	for _, why := range whyNothing(inv) {
		p.line(visible(why))
	}
	p.rows("not found", inv.Unfound, len(inv.Unfound))
	p.gap()
	read := count(s.Files, "file") + ", " + count(s.Records, "record")
	if s.Duplicates > 0 {
		read += " and " + count(s.Duplicates, "duplicate")
	}
	p.row(narrow, "evidence", read+", "+count(s.Errors, "read error"))
	if from, to := when(inv.Evidence.First), when(inv.Evidence.Last); from != "" && to != "" {
		p.row(narrow, "time", from+" to "+to)
	}
	if s.Hosts > 0 {
		var names []string
		hosts := shortNames(inv)
		for _, h := range inv.Evidence.Hosts[:min(s.Hosts, 20)] {
			names = append(names, hostOf(hosts, h))
		}
		p.row(narrow, "hosts", p.fit(number(s.Hosts)+": "+visible(strings.Join(names, ", ")), narrow))
	}
	p.row(narrow, "LOLBAS", fmt.Sprintf("%s seen, %s in cases, %s left out", count(s.Seen, "execution"), number(s.InCases), number(s.LeftOut)))
	var reasons []string
	for _, l := range s.Reasons {
		reasons = append(reasons, number(l.Count)+": "+l.Reason)
	}
	const most = 3 // of what may be long; the report has it all
	p.rows("", reasons, most)
	var gaps, lost []string
	for _, cleared := range [...]bool{true, false} { // a cleared log says most
		for i := range inv.Gaps {
			if g := &inv.Gaps[i]; cleared == (g.Kind == "cleared") {
				gaps = append(gaps, strings.TrimSpace(g.Host+" "+g.Channel)+": "+g.Says)
			}
		}
	}
	p.rows("gaps", gaps, most)
	for i := range inv.Evidence.Files {
		f := &inv.Evidence.Files[i]
		for k := range f.Errors {
			lost = append(lost, position(f.Errors[k].Ref)+": "+reason(&f.Errors[k]))
		}
		lost = append(lost, make([]string, f.MoreErrors)...)
	}
	p.rows("errors", lost, most)
	p.rows("notes", inv.Notes, most)
	p.rows("next", hints(inv), 9)
}

// rows lists texts beside a head, the first most of them, and counts the others.
func (p *painter) rows(head string, list []string, most int) {
	for i, s := range list {
		if i == most || s == "" {
			p.row(narrow, head, p.dim(number(len(list)-i)+" more"))
			return
		}
		p.row(narrow, head, visible(ellipsis(s, 2*(p.width-narrow)-4)))
		head = ""
	}
}
