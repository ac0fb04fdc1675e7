package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"

	"reeve"
)

//go:embed page/*
var pageFS embed.FS

// Bounds of the page. What lies beyond is named and counted, and stands in the JSON.
const (
	maxCases    = 400      // shown in full
	maxMoments  = 150      // of a case's timeline
	maxNodes    = 400      // of a case's tree
	maxDepth    = 40       // of a case's tree
	maxRuns     = 60       // of a case's occurrences
	maxCited    = 8        // records at one place
	maxQuoted   = 32 << 20 // bytes of all raw records
	maxIndented = 64 << 10 // bytes of a record that is laid out; a longer one stands as the evidence has it
	maxRows     = 2000     // of the tables of files, hosts and programs
)

// HTML writes the report as one page without remote assets. It reads without JavaScript and in print; the script adds the
// filter, the record drawer and the choice of light or dark. A content security policy admits that one script by its hash, so
// that evidence could not run even if it got past the escaping.
func HTML(w io.Writer, inv *reeve.Investigation, opt Options) error {
	p := newPage(inv, opt)
	t, err := template.New("report.html").Funcs(p.funcs()).ParseFS(pageFS, "page/*.html")
	if err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := t.Execute(out, p); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return out.Flush()
}

// page is what the templates see.
type page struct {
	Inv     *reeve.Investigation
	Sum     summary
	Cases   []caseView
	Matrix  matrix
	Guide   []Guide // complete ones only
	Why     []string
	Style   template.CSS
	Script  template.JS
	Policy  string
	guide   map[string]Guide
	short   map[string]string // names of hosts
	anchors map[string]string // case id -> anchor
	numbers map[reeve.Ref]int
	order   []reeve.Ref // in order of citing
}

func newPage(inv *reeve.Investigation, opt Options) *page {
	style, _ := pageFS.ReadFile("page/report.css")
	script, _ := pageFS.ReadFile("page/report.js")
	sum := sha256.Sum256(script)
	p := &page{
		Inv: inv, Sum: summarise(inv), Matrix: matrixOf(inv), Why: whyNothing(inv), guide: guideOf(opt), short: shortNames(inv),
		Style: template.CSS(style), Script: template.JS(script), // our own files, not evidence
		Policy: "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'",
		anchors: map[string]string{}, numbers: map[reeve.Ref]int{},
	}
	for _, g := range opt.Guide {
		if g.Why != "" {
			p.Guide = append(p.Guide, g)
		}
	}
	for i := range inv.Cases {
		p.Cases = append(p.Cases, caseView{Case: &inv.Cases[i], Number: i + 1, Anchor: p.anchor(&inv.Cases[i], i+1), Full: i < maxCases})
	}
	return p
}

var caseID = regexp.MustCompile(`^[0-9a-f]{16}$`)

// anchor names a case within the page: by its id, so that a link to it holds over runs.
func (p *page) anchor(c *reeve.Case, n int) string {
	name := "case-" + c.ID
	if !caseID.MatchString(c.ID) || p.anchors[c.ID] != "" {
		name = fmt.Sprintf("case-%d", n)
	}
	if p.anchors[c.ID] == "" {
		p.anchors[c.ID] = name
	}
	return name
}

// citation is a link to a record, or says how many more there are.
type citation struct {
	Number, More int
	Title        string
}

// cite numbers the records in the order in which the page names them, each once.
func (p *page) cite(refs []reeve.Ref) []citation {
	var out []citation
	for i, r := range refs {
		if r.File == "" {
			continue
		}
		if len(out) == maxCited {
			return append(out, citation{More: len(refs) - i})
		}
		n := p.numbers[r]
		if n == 0 {
			p.order = append(p.order, r)
			n = len(p.order)
			p.numbers[r] = n
		}
		if !slices.ContainsFunc(out, func(c citation) bool { return c.Number == n }) {
			out = append(out, citation{Number: n, Title: visible(position(r))})
		}
	}
	return out
}

// quote is a cited record at the end of the page.
type quote struct {
	reeve.Ref
	Number        int
	Text, Missing string
}

// Quotes are the cited records in order; it is called last, when all citing is done.
func (p *page) Quotes() []quote {
	out := make([]quote, 0, len(p.order))
	room := maxQuoted
	for i, r := range p.order {
		q := quote{Ref: r, Number: i + 1}
		text, ok := p.Inv.Records[r]
		switch {
		case !ok:
			q.Missing = "Its text is not in this report; the position says where it stands."
		case len(text) > room:
			q.Missing = "Left out to keep the report small; the position says where it stands."
		default:
			room -= len(text)
			q.Text = layOut(text)
		}
		out = append(out, q)
	}
	return out
}

// layOut indents a record that is JSON.
func layOut(text string) string {
	var b bytes.Buffer
	if len(text) > maxIndented || json.Indent(&b, []byte(text), "", "  ") != nil {
		return visible(text)
	}
	return visibleLines(b.String())
}

// reasonView is a reason of the verdict with its points apart.
type reasonView struct {
	Points, Says string
	Sign         string // for, against or none
	Refs         []reeve.Ref
}

// raw writes a text between tags as it is. It escapes what can open markup there and, unlike the templates, no quotes, of which
// records are full.
func raw(s string) template.HTML {
	return template.HTML(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s))
}

var longHex = regexp.MustCompile(`[0-9A-Fa-f]{32}`)

var leadingPoints = regexp.MustCompile(`^([+-][0-9]+) (.*)$`)

// reasonOf splits the points off that the weighing puts before a reason.
func reasonOf(s reeve.Statement) reasonView {
	v := reasonView{Says: s.Says, Refs: s.Refs, Sign: "none"}
	m := leadingPoints.FindStringSubmatch(s.Says)
	if m == nil {
		return v
	}
	v.Points, v.Says = strings.Replace(m[1], "-", "\u2212", 1), m[2]
	switch {
	case len(s.Refs) == 0: // a cap or a prior: the weighing itself
	case m[1][0] == '-':
		v.Sign = "against"
	default:
		v.Sign = "for"
	}
	return v
}

// funcs is what the templates can call. Everything that shows evidence goes through show, mono or line.
func (p *page) funcs() template.FuncMap {
	return template.FuncMap{
		"cite":     p.cite,
		"one":      func(r reeve.Ref) []reeve.Ref { return []reeve.Ref{r} },
		"show":     func(s string) string { return visible(clip(s, 1200)) },
		"mono":     func(s string) string { return visible(clip(s, 4000)) },
		"line":     func(s string) string { return visible(clip(s, 240)) },
		"brief":    func(s string) string { return visible(clip(s, 80)) },
		"sentence": func(s string) string { return visible(clip(upper(s), 1200)) },
		"base":     func(s string) string { return visible(clip(baseName(s), 120)) },
		"words":    func(s string) string { return visible(words(s)) },
		"when":     when,
		"seconds":  seconds,
		"since":    since,
		"number":   number,
		"number64": func(n int64) string { return number(int(n)) },
		"errors":   func(f reeve.File) int { return len(f.Errors) + f.MoreErrors },
		"count":    count,
		"short":    short,
		"core":     core,
		"signed":   signed,
		"defang":   func(i reeve.Indicator) string { return visible(clip(defang(i.Type, i.Value), 1000)) },
		"title":    func(c *reeve.Case) string { return visible(clip(title(c), 160)) },
		"program":  func(c *reeve.Case) string { return visible(clip(program(c), 100)) },
		"ran":      func(c *reeve.Case) string { return visible(clip(ran(c), 120)) },
		"asks":     func(id string) string { return p.guide[id].Text },
		"answers":  func(c caseView) []reeve.Answer { return answered(c.Case) },
		"reason":   reasonOf,
		"loss":     func(e reeve.ReadError) string { return visible(clip(reason(&e), 400)) },
		"anchorOf": func(id string) string { return p.anchors[id] },
		"attack":   attackURL,
		"labels":   func() []reeve.Label { return labels[:] },
		"width":    func(f float64) int { return int(share(f)*100 + 0.5) },
		"raw":      raw,
		"open":     open,
		"attacks":  techniquesOf,
		"host":     func(name string) string { return visible(clip(hostOf(p.short, name), 80)) },
		"details":  detailsOf,
		"hashes":   func(s string) bool { return longHex.MatchString(s) },
		"listed":   func(list []reeve.Occurrence) []reeve.Occurrence { return list[:min(len(list), maxRuns)] },
		"beyond":   func(n, most int) int { return max(n-most, 0) },
		"bounds":   func() [4]int { return [4]int{maxRows, maxRuns, maxNodes, maxMoments} },
	}
}

// signed writes points with a true minus.
func signed(n int) string {
	return strings.Replace(fmt.Sprintf("%+d", n), "-", "\u2212", 1)
}

// upper begins a sentence with a capital, unless it begins with a name.
func upper(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if s == "" || s[0] < 'a' || s[0] > 'z' || strings.ContainsAny(first, `.\/:=_`) {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// attackURL links a technique to its page, "" for what is no technique id.
func attackURL(id string) string {
	if !techniqueID.MatchString(id) {
		return ""
	}
	return "https://attack.mitre.org/techniques/" + strings.Replace(id, ".", "/", 1) + "/"
}
