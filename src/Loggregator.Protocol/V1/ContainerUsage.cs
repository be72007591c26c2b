using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.V1;

/// <summary>The metrics of a gauge that is a container's: v1 has one envelope for them all.</summary>
internal struct ContainerUsage
{
    private const int All = 31;

    public double Cpu, Memory, Disk, MemoryQuota, DiskQuota;

    /// <summary>The metric <c>instance_index</c>; null where the gauge has none.</summary>
    public double? InstanceIndex;

    /// <summary>
    /// Whether a gauge's metrics, sorted out by name, are those of a container: all five, none of them 0 and without unit, and whatever else.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> envelope, ReadOnlySpan<MapEntry> metrics, out ContainerUsage usage)
    {
        usage = default;
        var found = 0;
        foreach (var metric in metrics)
        {
            var name = metric.Key.Of(envelope);
            var which = Find(name);
            if (which < 0 && !name.SequenceEqual("instance_index"u8))
            {
                continue;
            }

            MetricReader.ReadValue(metric.Value.Of(envelope), out var unit, out var value);
            if (which < 0)
            {
                usage.InstanceIndex = value;
            }
            else if (!unit.IsEmpty || value != 0)
            {
                found |= 1 << which;
                usage.Set(which, value);
            }
        }

        return found == All;
    }

    /// <summary>Whether a gauge is a container's.</summary>
    public static bool IsIn(ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var metrics = new MapEntries(envelope, scratch);
        try
        {
            metrics.CollectMetrics(header);
            metrics.SortDistinct();
            return metrics.Entries.Length > 1 && TryRead(envelope, metrics.Entries, out _);
        }
        finally
        {
            metrics.Dispose();
        }
    }

    private void Set(int which, double value)
    {
        switch (which)
        {
            case 0:
                Cpu = value;
                break;
            case 1:
                Memory = value;
                break;
            case 2:
                Disk = value;
                break;
            case 3:
                MemoryQuota = value;
                break;
            default:
                DiskQuota = value;
                break;
        }
    }

    private static int Find(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("cpu"u8) ? 0
        : name.SequenceEqual("memory"u8) ? 1
        : name.SequenceEqual("disk"u8) ? 2
        : name.SequenceEqual("memory_quota"u8) ? 3
        : name.SequenceEqual("disk_quota"u8) ? 4
        : -1;
}
