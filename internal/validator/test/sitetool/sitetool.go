// Package sitetool checks a static site: that every link within it leads to something. It is run inside the sandbox, by
// `qlp tool site`, and reports in TAP, one test a page.
//
// It never follows a link out of the site: there is no network where it runs, and a page cannot be blamed for others.
//
// Arrows: the HTML parser.
package sitetool

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// page is what is known of one page.
type page struct {
	ids    map[string]bool
	links  []string
	faults []string
}

// Main checks the site in the folder that args name and returns the exit code: 0 all links lead somewhere, 1 not, 2 usage.
func Main(args []string, out io.Writer) int {
	if len(args) != 1 {
		_, _ = fmt.Fprintln(out, "usage: qlp tool site DIR")
		return 2
	}
	root, err := os.OpenRoot(args[0])
	if err != nil {
		_, _ = fmt.Fprintln(out, "Bail out!", err)
		return 1
	}
	defer func() { _ = root.Close() }()
	bad, err := check(root.FS(), out)
	if err != nil {
		_, _ = fmt.Fprintln(out, "Bail out!", err)
		return 1
	}
	return min(bad, 1)
}

// check writes the report and returns how many pages have a fault.
func check(site fs.FS, out io.Writer) (bad int, err error) {
	pages := map[string]*page{}
	err = fs.WalkDir(site, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := path.Ext(name); ext != ".html" && ext != ".htm" {
			return nil
		}
		b, err := fs.ReadFile(site, name)
		if err != nil {
			return err
		}
		pages[name] = read(b)
		return nil
	})
	if err != nil {
		return 0, err
	}
	names := make([]string, 0, len(pages))
	for name := range pages {
		names = append(names, name)
	}
	slices.Sort(names)
	var report bytes.Buffer
	fmt.Fprintf(&report, "TAP version 13\n1..%d\n", len(names))
	for i, name := range names {
		p := pages[name]
		for _, link := range p.links {
			if why := follow(site, pages, name, link); why != "" {
				p.faults = append(p.faults, why)
			}
		}
		if len(p.faults) == 0 {
			fmt.Fprintf(&report, "ok %d - %s\n", i+1, name)
			continue
		}
		bad++
		fmt.Fprintf(&report, "not ok %d - %s: %s\n", i+1, name, strings.Join(p.faults[:min(len(p.faults), 5)], "; "))
	}
	_, err = report.WriteTo(out)
	return bad, err
}

// read takes a page apart. Any text is HTML to a browser; what is asked here is that the page has a body with something in
// it, that no id is there twice, and which links it has.
func read(b []byte) *page {
	p := &page{ids: map[string]bool{}}
	doc, err := html.Parse(bytes.NewReader(b))
	if err != nil {
		p.faults = append(p.faults, "it cannot be read: "+err.Error())
		return p
	}
	if len(bytes.TrimSpace(b)) == 0 {
		p.faults = append(p.faults, "it is empty")
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "id":
				if p.ids[a.Val] {
					p.faults = append(p.faults, fmt.Sprintf("the id %.60q is there twice", a.Val))
				}
				p.ids[a.Val] = true
			case a.Key == "name" && n.Data == "a":
				p.ids[a.Val] = true
			case a.Key == "href" || a.Key == "src" || a.Key == "poster" || a.Key == "action":
				p.links = append(p.links, strings.TrimSpace(a.Val))
			case a.Key == "srcset":
				for one := range strings.SplitSeq(a.Val, ",") {
					if f := strings.Fields(one); len(f) > 0 {
						p.links = append(p.links, f[0])
					}
				}
			}
		}
	}
	return p
}

// follow returns why a link of a page leads nowhere; "" if it leads somewhere, or out of the site.
func follow(site fs.FS, pages map[string]*page, from, link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return fmt.Sprintf("%.80q is no address", link)
	}
	if u.Scheme != "" || u.Host != "" {
		return ""
	}
	target := from
	if u.Path != "" {
		target = strings.TrimPrefix(path.Join("/", path.Dir("/"+from), u.Path), "/")
		if strings.HasPrefix(u.Path, "/") {
			target = strings.TrimPrefix(path.Clean(u.Path), "/")
		}
		if target == "" {
			target = "."
		}
		info, err := fs.Stat(site, target)
		if err == nil && info.IsDir() {
			target = path.Join(target, "index.html")
			_, err = fs.Stat(site, target)
		} else if err != nil && path.Ext(target) == "" { // many servers add the extension
			target += ".html"
			_, err = fs.Stat(site, target)
		}
		if err != nil {
			return fmt.Sprintf("%.80q leads nowhere", link)
		}
	}
	if p := pages[target]; p != nil && u.Fragment != "" && u.Fragment != "top" && !p.ids[u.Fragment] {
		return fmt.Sprintf("%.80q names a place that is not on the page", link)
	}
	return ""
}
