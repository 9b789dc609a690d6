package egress

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Rules say what a sandbox may reach. The zero Rules allow nothing.
type Rules struct {
	// Hosts may be reached by TLS on port 443: a name, or ".example.org" for every name below it.
	Hosts []string
	// Plain are mirrors without TLS, as host:port. Only GET and HEAD go there.
	Plain []string
	// Private are host:port of the operator's own mirrors, which alone may have a private address. With a port other than
	// 443 the name here also allows TLS on that port.
	Private []string
	// Limits of the whole job. 0 means 2 GiB in both directions together, 5,000 connections, and 20 minutes.
	Bytes       int64
	Connections int
	Time        time.Duration
}

func (r Rules) withDefaults() Rules {
	if r.Bytes <= 0 {
		r.Bytes = 2 << 30
	}
	if r.Connections <= 0 {
		r.Connections = 5000
	}
	if r.Time <= 0 {
		r.Time = 20 * time.Minute
	}
	return r
}

// Clean returns the Rules with every name in its plain form, each once, and refuses one that cannot be meant: an address, a
// name with a wildcard, a whole top-level domain.
func (r Rules) Clean() (Rules, error) {
	out := r.withDefaults()
	out.Hosts, out.Plain, out.Private = nil, nil, nil
	for _, h := range r.Hosts {
		name, err := cleanName(strings.TrimPrefix(h, "."))
		if err != nil {
			return Rules{}, err
		}
		if strings.HasPrefix(h, ".") {
			if !strings.Contains(name, ".") {
				return Rules{}, qlp.Errorf(qlp.Invalid, "%q would allow a whole top-level domain", h)
			}
			name = "." + name
		}
		out.Hosts = append(out.Hosts, name)
	}
	for _, list := range []struct {
		from []string
		to   *[]string
	}{{r.Plain, &out.Plain}, {r.Private, &out.Private}} {
		for _, at := range list.from {
			clean, err := cleanAddress(at)
			if err != nil {
				return Rules{}, err
			}
			*list.to = append(*list.to, clean)
		}
	}
	for _, list := range []*[]string{&out.Hosts, &out.Plain, &out.Private} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return out, nil
}

// cleanAddress takes host:port. The host may be an address: it is the operator's own mirror.
func cleanAddress(at string) (string, error) {
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return "", qlp.Errorf(qlp.Invalid, "%.100q is not host:port", at)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", qlp.Errorf(qlp.Invalid, "%.100q has no port", at)
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return net.JoinHostPort(addr.Unmap().String(), port), nil
	}
	name, err := cleanName(host)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(name, port), nil
}

// cleanName returns the ASCII form in lower case, without the dot that may end a name.
func cleanName(name string) (string, error) {
	name = strings.TrimSuffix(name, ".")
	ascii, err := idna.Lookup.ToASCII(name)
	if err == nil { // what is not the same a second time is not a name but a trick
		var again string
		if again, err = idna.Lookup.ToASCII(ascii); again != ascii {
			ascii = ""
		}
	}
	if err != nil || !utf8.ValidString(name) || ascii == "" || len(ascii) > 253 || strings.HasSuffix(ascii, ".") {
		return "", qlp.Errorf(qlp.Invalid, "%.100q is not the name of a host", name)
	}
	ascii = strings.ToLower(ascii)
	if isNumeric(ascii) {
		return "", qlp.Errorf(qlp.Invalid, "%.100q is an address, not a name", name)
	}
	return ascii, nil
}

// isNumeric reports whether a resolver could take the name for an address in one of the old notations: 127.1, 0x7f000001.
func isNumeric(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" {
		return false
	}
	_, err := strconv.ParseUint(last, 0, 64)
	return err == nil || strings.Trim(last, "0123456789") == ""
}

// allowsTLS reports whether a clean name may be reached by TLS on port.
func (r Rules) allowsTLS(name string, port int) bool {
	if slices.Contains(r.Private, net.JoinHostPort(name, strconv.Itoa(port))) {
		return true
	}
	if port != 443 {
		return false
	}
	return slices.ContainsFunc(r.Hosts, func(h string) bool {
		return h == name || strings.HasPrefix(h, ".") && strings.HasSuffix(name, h)
	})
}

func (r Rules) allowsPlain(name string, port int) bool {
	return slices.Contains(r.Plain, net.JoinHostPort(name, strconv.Itoa(port)))
}

func (r Rules) allowsPrivate(name string, port int) bool {
	return slices.Contains(r.Private, net.JoinHostPort(name, strconv.Itoa(port)))
}
