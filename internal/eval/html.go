package eval

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"time"
)

//go:embed report.html.tmpl
var page string

// bar is a bar of a plot, in the plot's own units.
type bar struct {
	Label, Text      string
	X, Y, W, H       float64
	Low, High        float64 // of the interval, as X
	Middle           float64 // Y of its middle
	Count            int
	LabelX, BaseLine float64
}

type pageData struct {
	Report
	Rates, ByLanguage  []bar
	RatesHeight        float64
	LanguagesHeight    float64
	Times              []bar
	Dollars, PerSolved string
	TimePerSolved      string
	Rows               []ProblemRow
}

const (
	plotWidth = 560.0 // of the bars' field
	plotLeft  = 150.0 // where it begins
	rowHeight = 30.0
)

// HTML is the report for people: one page that needs nothing from elsewhere and runs nothing.
func (r Report) HTML() ([]byte, error) {
	t, err := template.New("report").Funcs(template.FuncMap{
		"percent": func(v float64) string { return fmt.Sprintf("%.1f %%", v*100) },
	}).Parse(page)
	if err != nil {
		return nil, fmt.Errorf("read the report's template: %w", err)
	}
	d := pageData{Report: r, Rows: r.Problems}
	for i, p := range r.PassAt {
		d.Rates = append(d.Rates, share(i, fmt.Sprintf("pass@%d", p.K), p.Interval))
	}
	for i, g := range r.Languages {
		d.ByLanguage = append(d.ByLanguage, share(i, fmt.Sprintf("%s (%d)", g.Name, g.Problems), g.Interval))
	}
	d.RatesHeight, d.LanguagesHeight = float64(len(d.Rates))*rowHeight+24, float64(len(d.ByLanguage))*rowHeight+24
	d.Times = histogram(r.Samples)
	d.Dollars, d.PerSolved, d.TimePerSolved = money(float64(r.Cost.Micros)), "not known", "nothing was solved"
	if r.Cost.PerSolved != nil {
		d.PerSolved = money(*r.Cost.PerSolved)
	} else if r.Cost.Calls == 0 {
		d.PerSolved = "no model was asked"
	}
	if r.Time.PerSolved != nil {
		d.TimePerSolved = duration(*r.Time.PerSolved)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, d); err != nil {
		return nil, fmt.Errorf("write the report: %w", err)
	}
	return out.Bytes(), nil
}

func share(row int, label string, i Interval) bar {
	y := float64(row) * rowHeight
	return bar{
		Label: label, Text: fmt.Sprintf("%.1f %% (%.1f to %.1f)", i.Value*100, i.Low*100, i.High*100),
		X: plotLeft, Y: y + 4, W: i.Value * plotWidth, H: rowHeight - 10,
		Low: plotLeft + i.Low*plotWidth, High: plotLeft + i.High*plotWidth, Middle: y + rowHeight/2 - 1, BaseLine: y + rowHeight/2 + 3,
	}
}

// columns of the histogram, each twice as long as the one before it.
const columns = 14

// histogram counts the samples by the time from the question to the judgement: under 10 ms, under 20 ms, and so on.
func histogram(samples []Sample) (bars []bar) {
	const height, first = 120.0, 10.0
	counts := make([]int, columns)
	most := 1
	for _, s := range samples {
		ms := float64(s.Spent.Wall)/float64(time.Millisecond) + float64(s.JudgeMS)
		i := 0
		if ms > first {
			i = min(int(math.Ceil(math.Log2(ms/first))), columns-1)
		}
		counts[i]++
		most = max(most, counts[i])
	}
	width := (plotWidth + plotLeft) / columns
	for i, n := range counts {
		h := height * float64(n) / float64(most)
		label := "≤ " + duration(first*math.Pow(2, float64(i)))
		if i == columns-1 {
			label = "more"
		}
		bars = append(bars, bar{Label: label, Count: n, X: float64(i)*width + 2, Y: height - h + 14, W: width - 4, H: h, LabelX: float64(i)*width + width/2, BaseLine: height - h + 11})
	}
	return bars
}

func duration(ms float64) string {
	switch {
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	case ms < 120_000:
		return fmt.Sprintf("%.1f s", ms/1000)
	default:
		return fmt.Sprintf("%.1f min", ms/60_000)
	}
}

func money(micros float64) string { return fmt.Sprintf("$%.4f", micros/1e6) }
