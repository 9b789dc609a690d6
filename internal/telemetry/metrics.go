package telemetry

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what a process does. All methods are safe for concurrent use.
type Metrics struct {
	registry    *prometheus.Registry
	verdicts    *prometheus.CounterVec
	checks      *prometheus.CounterVec
	attempts    *prometheus.CounterVec
	validations prometheus.Histogram
	sandbox     prometheus.Counter
}

// NewMetrics returns metrics with a registry of their own.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "qlp_capsules_total", Help: "Capsules packed, by verdict."}, []string{"verdict"}),
		checks:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "qlp_checks_total", Help: "Checks finished, by layer and status."}, []string{"layer", "status"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "qlp_attempts_total", Help: "Attempts generated, by generator and outcome."}, []string{"generator", "outcome"}),
		validations: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "qlp_validation_seconds", Help: "Time that the validation of a project took.", Buckets: []float64{.25, .5, 1, 2, 4, 8, 16, 32, 64, 128},
		}),
		sandbox: prometheus.NewCounter(prometheus.CounterOpts{Name: "qlp_sandbox_seconds_total", Help: "Wall time of commands in sandboxes."}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "qlp_build_info", Help: "Always 1; the label says the version.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	m.registry.MustRegister(m.verdicts, m.checks, m.attempts, m.validations, m.sandbox, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers a scrape.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Packed counts a capsule.
func (m *Metrics) Packed(verdict string) { m.verdicts.WithLabelValues(verdict).Inc() }

// Checked counts a check.
func (m *Metrics) Checked(layer, status string) { m.checks.WithLabelValues(layer, status).Inc() }

// Attempted counts an attempt; outcome is ok or error.
func (m *Metrics) Attempted(generator, outcome string) {
	m.attempts.WithLabelValues(generator, outcome).Inc()
}

// Validated measures a validation.
func (m *Metrics) Validated(took, inSandbox time.Duration) {
	m.validations.Observe(took.Seconds())
	m.sandbox.Add(inSandbox.Seconds())
}
