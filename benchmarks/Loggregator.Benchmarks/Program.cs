using BenchmarkDotNet.Running;
using Loggregator.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(HeaderBenchmarks).Assembly).Run(args);
