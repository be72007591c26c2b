using System.Globalization;
using BenchmarkDotNet.Running;
using Loggregator.Benchmarks;

if (args is ["fairness"])
{
    Console.WriteLine($"fair ring: {FairnessComparison.OfFairRing()}");
    Console.WriteLine($"channel:   {FairnessComparison.OfChannel()}");
    return;
}

if (args is ["spool", ..])
{
    await SpoolComparison.RunAsync(args.ElementAtOrDefault(1) ?? Path.GetTempPath(), TimeSpan.FromSeconds(args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 5));
    return;
}

if (args is ["spool-append", var folder, var first, ..])
{
    await SpoolAppender.RunAsync(folder, int.Parse(first, CultureInfo.InvariantCulture), deliver: args.Length > 3);
    return;
}

if (args is ["kafka", ..])
{
    await KafkaComparison.RunAsync(TimeSpan.FromSeconds(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5), args.ElementAtOrDefault(2));
    return;
}

if (args is ["series-append"])
{
    SeriesReport.RunAppends();
    return;
}

if (args is ["series", ..])
{
    SeriesReport.Run(
        args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 50_000, args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 1440);
    return;
}

if (args is ["promql"])
{
    await PromQlComparison.RunAsync();
    return;
}

if (args is ["kafka-brokers"])
{
    KafkaComparison.RunBrokers();
    return;
}

if (args is ["log-memory", ..])
{
    var megabytes = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1024;
    LogMemory.Run(megabytes * 1024L * 1024, args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 150, Console.Out);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(HeaderBenchmarks).Assembly).Run(args);
