package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Report is what is printed.
type Report struct {
	Findings []Finding `json:"findings"`
	// Error is set when it could not be built at all.
	Error  string                          `json:"error,omitempty"`
	Stages []Stage                         `json:"stages"`
	Images map[string]ocispecs.ImageConfig `json:"images"`
}

// Finding is one of `docker build --check`.
type Finding struct {
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
	Line   int32  `json:"line"`
}

// Stage is what follows a FROM.
type Stage struct {
	Name     string `json:"name"`
	Base     string `json:"base"`
	Platform string `json:"platform"`
	Copies   []Copy `json:"copies"`
	// Commands of RUN.
	Runs []string `json:"runs"`
}

// Copy is one COPY or ADD.
type Copy struct {
	From    string   `json:"from"`
	Sources []string `json:"sources"`
	Target  string   `json:"target"`
}

var platforms = []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm64"}}

// bases answers for every base image: one without a configuration of its own but for the PATH, as distroless has it.
type bases struct{ platform ocispecs.Platform }

func (b bases) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(ocispecs.Image{
		Platform: b.platform,
		Config:   ocispecs.ImageConfig{Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
	})
	return ref, digest.FromBytes(config), config, err
}

func options(file string, text []byte, args map[string]string, platform ocispecs.Platform) dockerfile2llb.ConvertOpt {
	source := llb.NewSourceMap(nil, file, "Dockerfile", text)
	source.Definition = &llb.Definition{}
	return dockerfile2llb.ConvertOpt{
		Config: dockerui.Config{
			BuildArgs:       args,
			BuildPlatforms:  platforms[:1],
			TargetPlatforms: []ocispecs.Platform{platform},
			LinterConfig:    &linter.Config{},
		},
		SourceMap:      source,
		TargetPlatform: &platform,
		MetaResolver:   bases{platform},
	}
}

func check(ctx context.Context, file string, args map[string]string) (*Report, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	report := &Report{Findings: []Finding{}, Stages: []Stage{}, Images: map[string]ocispecs.ImageConfig{}}
	results, err := dockerfile2llb.DockerfileLint(ctx, text, options(file, text, args, platforms[0]))
	if err != nil {
		return nil, err
	}
	for _, warning := range results.Warnings {
		finding := Finding{Rule: warning.RuleName, Detail: warning.Detail}
		if ranges := warning.Location.GetRanges(); len(ranges) > 0 {
			finding.Line = ranges[0].Start.Line
		}
		report.Findings = append(report.Findings, finding)
	}
	if results.Error != nil {
		report.Error = results.Error.Message
		return report, nil
	}
	if report.Stages, err = stages(text); err != nil {
		return nil, err
	}
	for _, platform := range platforms {
		result, err := dockerfile2llb.Dockerfile2LLB(ctx, text, options(file, text, args, platform))
		if err != nil {
			return nil, err
		}
		report.Images[platform.OS+"/"+platform.Architecture] = result.Image.Config.ImageConfig
	}
	return report, nil
}

func stages(text []byte) ([]Stage, error) {
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	found, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return nil, err
	}
	var all []Stage
	for _, one := range found {
		stage := Stage{Name: one.Name, Base: one.BaseName, Platform: one.Platform, Copies: []Copy{}, Runs: []string{}}
		for _, command := range one.Commands {
			switch command := command.(type) {
			case *instructions.CopyCommand:
				stage.Copies = append(stage.Copies, Copy{command.From, command.SourcePaths, command.DestPath})
			case *instructions.AddCommand:
				stage.Copies = append(stage.Copies, Copy{"", command.SourcePaths, command.DestPath})
			case *instructions.RunCommand:
				stage.Runs = append(stage.Runs, strings.Join(command.CmdLine, " "))
			}
		}
		all = append(all, stage)
	}
	return all, nil
}
