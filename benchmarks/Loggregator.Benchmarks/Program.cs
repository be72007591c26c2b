using BenchmarkDotNet.Running;
using Loggregator.Benchmarks;

if (args is ["fairness"])
{
    Console.WriteLine($"fair ring: {FairnessComparison.OfFairRing()}");
    Console.WriteLine($"channel:   {FairnessComparison.OfChannel()}");
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(HeaderBenchmarks).Assembly).Run(args);
