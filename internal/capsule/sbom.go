package capsule

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
)

// sbomOf lists what the project is made of: its own files, and the toolchain whose standard library it is built on. The
// offline generator's projects have no third-party package.
func sbomOf(in Input, h Header) ([]byte, error) {
	bom := cdx.NewBOM()
	bom.SerialNumber = "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceURL, []byte(h.TreeDigest)).String()
	bom.Metadata = &cdx.Metadata{
		Timestamp: h.Created.Format(timeLayout),
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeApplication, Name: "qlp", Version: in.Version,
		}}},
		Component: &cdx.Component{
			BOMRef: "project", Type: cdx.ComponentTypeApplication, Name: in.Spec.Title,
			Version: fmt.Sprint(in.Intent.Revision), Description: in.Spec.Summary,
		},
	}
	var components []cdx.Component
	for _, tool := range slices.Sorted(maps.Keys(in.Report.Toolchain)) {
		components = append(components, cdx.Component{
			BOMRef: "tool:" + tool, Type: cdx.ComponentTypePlatform, Name: tool, Version: in.Report.Toolchain[tool],
		})
	}
	tree, err := treeOf(in.Files)
	if err != nil {
		return nil, err
	}
	for _, f := range tree {
		components = append(components, cdx.Component{
			BOMRef: "file:" + f.Path, Type: cdx.ComponentTypeFile, Name: f.Path,
			Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: f.Digest.Hex()}},
		})
	}
	bom.Components = &components
	var buf bytes.Buffer
	if err := cdx.NewBOMEncoder(&buf, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom); err != nil {
		return nil, fmt.Errorf("encode SBOM: %w", err)
	}
	return buf.Bytes(), nil
}
