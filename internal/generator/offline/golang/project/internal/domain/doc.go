// Package domain holds the entities of the service: what a row is made of, and which values it accepts.
//
// It knows neither storage nor HTTP.
package domain
