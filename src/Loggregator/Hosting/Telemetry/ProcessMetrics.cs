using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;

namespace Loggregator.Hosting.Telemetry;

/// <summary>What every role tells about its process. In <c>dev</c> the roles share one process and so these values.</summary>
internal sealed class ProcessMetrics
{
    public ProcessMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Loggregator.Process");
        meter.CreateObservableCounter("process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "CPU time used, user and system.");
        meter.CreateObservableGauge("process.resident_memory", () => Environment.WorkingSet, "By", "Resident memory.");
        meter.CreateObservableGauge("dotnet.heap", () => GC.GetTotalMemory(false), "By", "Managed heap.");
        meter.CreateObservableCounter("dotnet.allocated", () => GC.GetTotalAllocatedBytes(), "By", "Bytes allocated on the managed heap.");
        meter.CreateObservableCounter("dotnet.collections", Collections, "{collection}", "Garbage collections by generation.");
        meter.CreateObservableGauge("dotnet.thread_pool.queued", () => ThreadPool.PendingWorkItemCount, "{item}", "Work waiting for a thread.");
        meter.CreateObservableGauge("build.info", () => new Measurement<int>(1, new TagList { { "version", Version } }), description: "Always 1.");
    }

    private static string Version { get; } =
        typeof(ProcessMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static IEnumerable<Measurement<int>> Collections()
    {
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            yield return new Measurement<int>(GC.CollectionCount(generation), new KeyValuePair<string, object?>("generation", generation));
        }
    }
}
