package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"strings"

	"charm.land/lipgloss/v2"

	"reeve"
)

const (
	defaultWidth = 100
	minWidth     = 40
	margin       = 18 // columns before the text of a row
)

// Table writes the investigation for a terminal: a block a case, gravest first, then the summary and what to do next.
func Table(w io.Writer, inv *reeve.Investigation, opt Options) error {
	p := newPainter(opt)
	for i := range inv.Cases {
		p.kase(&inv.Cases[i])
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

// paint colours a text with one of the terminal's own sixteen colours, so that it suits the user's theme.
func (p *painter) paint(s string, c color.Color, bold bool) string {
	if !p.color || s == "" {
		return s
	}
	return lipgloss.NewStyle().Foreground(c).Bold(bold).Render(s)
}

func (p *painter) dim(s string) string {
	if !p.color || s == "" {
		return s
	}
	return lipgloss.NewStyle().Faint(true).Render(s)
}

func (p *painter) bold(s string) string {
	if !p.color || s == "" {
		return s
	}
	return lipgloss.NewStyle().Bold(true).Render(s)
}

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
func (p *painter) row(head string, lines ...string) {
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
func (p *painter) fit(s string) string {
	room := p.width - margin
	if lipgloss.Width(s) <= room {
		return s
	}
	return lipgloss.NewStyle().MaxWidth(room-1).Render(s) + "\u2026"
}

func (p *painter) kase(c *reeve.Case) {
	s := &c.Subject
	where := visible(s.Host)
	if s.User != "" {
		where += " as " + visible(s.User)
	}
	p.row(p.label(c.Verdict.Label), strings.TrimSpace(when(s.Time)+"  "+where))
	score := fmt.Sprintf("%+d, core %s", c.Verdict.Score, percent(c.Verdict.Confidence))
	p.row(score, p.bold(p.fit(visible(ellipsis(title(c), p.width)))))
	if s.HasCommandLine {
		p.row("", visible(ellipsis(s.CommandLine, 2*(p.width-margin)-4)))
	} else {
		p.row("", p.dim("its command line is not in the evidence"))
	}
	const reasons = 3 // the report has them all
	for i, b := range c.Verdict.Because[:min(len(c.Verdict.Because), reasons)] {
		p.row("", p.dim([...]string{"because ", "    and "}[min(i, 1)])+visible(ellipsis(b.Says, 240)))
	}
	id := "case " + visible(c.ID)
	if n := len(c.Occurrences); n > 1 {
		id += fmt.Sprintf(", %s runs", number(n))
	}
	if unknown := unanswered(c); len(unknown) > 0 {
		id += ", not answerable: " + strings.Join(unknown, ", ")
	}
	p.row("", p.dim(id))
	p.gap()
}

// unanswered lists the questions of a case that the evidence could not answer.
func unanswered(c *reeve.Case) []string {
	var out []string
	for _, a := range answered(c) {
		if a.Stance == reeve.Unknown {
			out = append(out, a.Question)
		}
	}
	return out
}

func (p *painter) summary(inv *reeve.Investigation) {
	s := summarise(inv)
	p.line(p.bold(s.Headline()))
	for _, why := range whyNothing(inv) {
		p.line(visible(why))
	}
	for _, u := range inv.Unfound {
		p.row("not found", visible(u))
	}
	p.gap()
	read := count(s.Files, "file") + ", " + count(s.Records, "record")
	if s.Duplicates > 0 {
		read += fmt.Sprintf(" and %s", count(s.Duplicates, "duplicate"))
	}
	p.row("evidence", read+", "+count(s.Errors, "error"))
	if from, to := when(inv.Evidence.First), when(inv.Evidence.Last); from != "" && to != "" {
		p.row("time", from+" to "+to)
	}
	const most = 8 // of anything listed here; the report has them all
	hosts := inv.Evidence.Hosts[:min(len(inv.Evidence.Hosts), most)]
	if len(hosts) > 0 {
		names := visible(strings.Join(hosts, ", "))
		if n := s.Hosts - len(hosts); n > 0 {
			names += fmt.Sprintf(" and %d more", n)
		}
		p.row("hosts", names)
	}
	p.row("LOLBAS", fmt.Sprintf("%s seen, %s in cases, %s left out", count(s.Seen, "execution"), number(s.InCases), number(s.LeftOut)))
	for _, l := range s.Reasons[:min(len(s.Reasons), most)] {
		p.row("", p.dim(number(l.Count)+": "+visible(l.Reason)))
	}
	for i := range inv.Gaps[:min(len(inv.Gaps), most)] {
		g := &inv.Gaps[i]
		p.row([...]string{"gaps", ""}[min(i, 1)], visible(strings.TrimSpace(g.Host+" "+g.Channel)+": "+g.Says))
	}
	if n := len(inv.Gaps) - most; n > 0 {
		p.row("", p.dim(number(n)+" more"))
	}
	p.losses(inv, most)
	for i, n := range inv.Notes {
		p.row([...]string{"notes", ""}[min(i, 1)], visible(n))
	}
	for i, h := range hints(inv) {
		p.row([...]string{"next", ""}[min(i, 1)], h)
	}
}

// losses lists the first read errors with their positions.
func (p *painter) losses(inv *reeve.Investigation, most int) {
	head, listed, all := "errors", 0, 0
	for i := range inv.Evidence.Files {
		f := &inv.Evidence.Files[i]
		all += len(f.Errors) + f.MoreErrors
		for k := range f.Errors {
			if listed == most {
				break
			}
			e := &f.Errors[k]
			p.row(head, visible(position(e.Ref)+": "+reason(e)))
			head, listed = "", listed+1
		}
	}
	if all > listed {
		p.row(head, p.dim(number(all-listed)+" more"))
	}
}
