package report

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"reeve"
)

// techniqueID is an ATT&CK technique or sub-technique.
var techniqueID = regexp.MustCompile(`^T[0-9]{4}(\.[0-9]{3})?$`)

// layer is an ATT&CK Navigator layer, format 4.5. The keys are spelled as that format spells them.
type layer struct {
	Name        string           `json:"name"`
	Versions    layerVersions    `json:"versions"`
	Domain      string           `json:"domain"`
	Description string           `json:"description"`
	Sorting     int              `json:"sorting"`
	Layout      layerLayout      `json:"layout"`
	Techniques  []layerTechnique `json:"techniques"`
	Gradient    layerGradient    `json:"gradient"`
	Legend      []layerLegend    `json:"legendItems"`
}

type layerVersions struct {
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

// layerLayout unfolds the sub-techniques that are marked; the matrix would hide them.
type layerLayout struct {
	Layout   string `json:"layout"`
	Expanded string `json:"expandedSubtechniques"`
	ShowID   bool   `json:"showID"`
	ShowName bool   `json:"showName"`
}

type layerTechnique struct {
	ID       string `json:"techniqueID"`
	Score    int    `json:"score"`
	Color    string `json:"color"`
	Comment  string `json:"comment"`
	Enabled  bool   `json:"enabled"`
	ShowSubs bool   `json:"showSubtechniques"`
}

type layerGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

type layerLegend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

// labelColor is a verdict's colour where a reader brings no scheme of its own.
func labelColor(l reeve.Label) string {
	return [...]string{"#a99bd6", "#8fcf9f", "#8cc4dc", "#f2b266", "#e5695e"}[min(l, reeve.Malicious)]
}

// Navigator writes an ATT&CK Navigator layer: each technique of a case, scored by the gravest verdict among its cases, from 0
// (benign) to 4 (malicious).
func Navigator(w io.Writer, inv *reeve.Investigation, _ Options) error {
	s := summarise(inv)
	out := layer{
		Name: "reeve", Domain: "enterprise-attack", Description: visible(s.Headline()), Sorting: 3,
		Versions:   layerVersions{"5.1.0", "4.5"},
		Layout:     layerLayout{"side", "annotated", true, true},
		Techniques: []layerTechnique{},
		Gradient:   layerGradient{Max: reeve.Malicious.Rank()},
	}
	worst, seen := map[string]reeve.Label{}, map[string][]string{}
	var ids []string
	for i := range inv.Cases {
		c := &inv.Cases[i]
		for _, id := range techniquesOf(c) {
			if !techniqueID.MatchString(id) {
				continue
			}
			if len(seen[id]) == 0 {
				ids = append(ids, id)
			}
			if len(seen[id]) == 0 || c.Verdict.Label.Rank() > worst[id].Rank() {
				worst[id] = c.Verdict.Label
			}
			seen[id] = append(seen[id], fmt.Sprintf("%s: %s on %s (case %s)", c.Verdict.Label, program(c), c.Subject.Host, c.ID))
		}
	}
	slices.Sort(ids)
	const most = 20 // cases named in a comment
	for _, id := range ids {
		list := seen[id]
		comment := strings.Join(list[:min(len(list), most)], "\n")
		if n := len(list) - most; n > 0 {
			comment += fmt.Sprintf("\nand %d more", n)
		}
		out.Techniques = append(out.Techniques, layerTechnique{ID: id, Score: worst[id].Rank(), Color: labelColor(worst[id]), Comment: visibleLines(comment), Enabled: true})
	}
	for i := len(labels) - 1; i >= 0; i-- {
		out.Gradient.Colors = append(out.Gradient.Colors, labelColor(labels[i]))
		out.Legend = append(out.Legend, layerLegend{labels[i].String(), labelColor(labels[i])})
	}
	return writeJSON(w, out, "  ")
}
