using System.Globalization;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;

namespace Loggregator.TestKit.Cluster;

/// <summary>What one reader got: the numbers of the lines per source instance in the order of arrival, and what it was told to have missed. Any thread.</summary>
public sealed class Tally
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Source, string Instance), List<long>> _numbers = [];
    private readonly Dictionary<(string Source, string Hop, string Reason), long> _lost = [];
    private readonly HashSet<string> _heard = [];
    private readonly Dictionary<(string Source, string Instance, uint Epoch), HashSet<ulong>> _stamps = [];
    private long _lines;
    private long _others;

    /// <summary>Numbered lines received, copies included.</summary>
    public long Lines
    {
        get
        {
            lock (_lock)
            {
                return _lines;
            }
        }
    }

    /// <summary>Envelopes that are neither numbered lines nor gap records.</summary>
    public long Others
    {
        get
        {
            lock (_lock)
            {
                return _others;
            }
        }
    }

    /// <summary>How many of a source, or of all, it was told to have missed.</summary>
    public long Lost(string? source = null, string? reason = null)
    {
        lock (_lock)
        {
            return _lost.Where(l => (source is null || l.Key.Source == source) && (reason is null || l.Key.Reason == reason)).Sum(l => l.Value);
        }
    }

    /// <summary>The numbers of a source instance as they came.</summary>
    public IReadOnlyList<long> Numbers(string source, string instance = "0")
    {
        lock (_lock)
        {
            return _numbers.TryGetValue((source, instance), out var numbers) ? [.. numbers] : [];
        }
    }

    /// <summary>How many different numbers of a source, over all instances, it got.</summary>
    public long Distinct(string? source = null)
    {
        lock (_lock)
        {
            return _numbers.Where(n => source is null || n.Key.Source == source).Sum(n => n.Value.Distinct().LongCount());
        }
    }

    /// <summary>Copies beyond the first of each line.</summary>
    public long Copies => Lines - Distinct();

    /// <summary>
    /// How many lines of a source are missing between the first and the last that came, by the numbers that the first tier gave them; readers
    /// of JSON never see these.
    /// </summary>
    public long MissingByStamps(string source)
    {
        lock (_lock)
        {
            return _stamps.Where(s => s.Key.Source == source).Sum(s => (long)(s.Value.Max() - s.Value.Min()) + 1 - s.Value.Count);
        }
    }

    /// <summary>Takes one envelope into account.</summary>
    public void Add(Envelope envelope)
    {
        if (envelope.MessageCase == Envelope.MessageOneofCase.Counter && envelope.Counter.Name == "dropped"
            && envelope.Tags.TryGetValue("hop", out var hop) && envelope.Tags.TryGetValue("reason", out var reason))
        {
            AddLost(envelope.SourceId, hop, reason, (long)envelope.Counter.Delta);
        }
        else if (envelope.MessageCase == Envelope.MessageOneofCase.Log && Numbered.TryRead(envelope.Log.Payload.Span, out var number))
        {
            AddLine(envelope.SourceId, envelope.InstanceId, number);
            AddStamp(envelope);
        }
        else
        {
            lock (_lock)
            {
                _others++;
                _heard.Add(envelope.InstanceId);
            }
        }
    }

    /// <summary>Whether an envelope that is neither a numbered line nor a gap record came of this instance.</summary>
    public bool Heard(string instance)
    {
        lock (_lock)
        {
            return _heard.Contains(instance);
        }
    }

    /// <summary>Takes one line into account.</summary>
    public void AddLine(string source, string instance, long number)
    {
        lock (_lock)
        {
            if (!_numbers.TryGetValue((source, instance), out var numbers))
            {
                _numbers.Add((source, instance), numbers = []);
            }

            numbers.Add(number);
            _lines++;
        }
    }

    /// <summary>Takes a told loss into account.</summary>
    public void AddLost(string source, string hop, string reason, long count)
    {
        lock (_lock)
        {
            _lost[(source, hop, reason)] = _lost.GetValueOrDefault((source, hop, reason)) + count;
        }
    }

    /// <summary>Waits until so many numbered lines have come.</summary>
    public Task LinesAsync(long count, CancellationToken cancel, TimeSpan? within = null) =>
        Deadline.UntilAsync(() => Lines >= count, () => $"{count} lines; {this}", cancel, within);

    /// <summary>Waits until so many different lines have come, however often.</summary>
    public Task DistinctAsync(long count, CancellationToken cancel, TimeSpan? within = null) =>
        Deadline.UntilAsync(() => Lines >= count && Distinct() >= count, () => $"{count} different lines; {this}", cancel, within);

    /// <summary>Why a source instance's numbers are not exactly 0 … <paramref name="count"/>-1 in order; null when they are.</summary>
    public string? NotInOrder(string source, int count, string instance = "0")
    {
        var numbers = Numbers(source, instance);
        for (var i = 0; i < Math.Min(count, numbers.Count); i++)
        {
            if (numbers[i] != i)
            {
                return $"{source}/{instance}: number {numbers[i]} came where {i} was due ({numbers.Count} of {count} came)";
            }
        }

        return numbers.Count == count ? null : $"{source}/{instance}: {numbers.Count} came instead of {count}";
    }

    /// <summary>Which of the numbers 0 … <paramref name="count"/>-1 of a source instance never came.</summary>
    public IReadOnlyList<long> Missing(string source, long count, string instance = "0")
    {
        var got = Numbers(source, instance).ToHashSet();
        var missing = new List<long>();
        for (var number = 0L; number < count; number++)
        {
            if (!got.Contains(number))
            {
                missing.Add(number);
            }
        }

        return missing;
    }

    /// <summary>Totals and the first few sources, for messages.</summary>
    public override string ToString()
    {
        lock (_lock)
        {
            var sources = string.Join(", ", _numbers.Take(8).Select(n => $"{n.Key.Source}/{n.Key.Instance}={n.Value.Count}"));
            var lost = string.Join(", ", _lost.Take(8).Select(l => $"{l.Key.Source} {l.Key.Hop}:{l.Key.Reason}={l.Value}"));
            return string.Create(CultureInfo.InvariantCulture, $"{_lines} lines of {_numbers.Count} streams ({sources}), {_others} others, lost: {lost}");
        }
    }

    private void AddStamp(Envelope envelope)
    {
        var bytes = envelope.ToByteArray(); // unknown fields, as the stamp is one, are kept
        if (!RawEnvelope.TryReadHeader(bytes, out var header) || !Stamp.TryRead(bytes, header, out var epoch, out var sequence))
        {
            return;
        }

        lock (_lock)
        {
            var key = (envelope.SourceId, envelope.InstanceId, epoch);
            if (!_stamps.TryGetValue(key, out var sequences))
            {
                _stamps.Add(key, sequences = []);
            }

            sequences.Add(sequence);
        }
    }
}
