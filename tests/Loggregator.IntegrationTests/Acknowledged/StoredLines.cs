using System.Text;
using Loggregator.Client.Consume.Acknowledged;
using Loggregator.Protocol.Envelopes;
using Loggregator.TestKit.Cluster;

namespace Loggregator.IntegrationTests.Acknowledged;

/// <summary>What members have stored: each line with its cursor id, by which a receiver drops what comes again. Any thread.</summary>
internal sealed class StoredLines
{
    private readonly Lock _sync = new();
    private readonly Dictionary<(string Doppler, ulong Incarnation, ulong Position), (string Source, long Number)> _lines = [];
    private readonly Dictionary<string, List<long>> _firstSeen = [];
    private readonly List<ConsumedGap> _gaps = [];

    /// <summary>Lines that came again.</summary>
    public long Duplicates { get; private set; }

    public long Count
    {
        get
        {
            lock (_sync)
            {
                return _lines.Count;
            }
        }
    }

    public IReadOnlyList<ConsumedGap> Gaps
    {
        get
        {
            lock (_sync)
            {
                return [.. _gaps];
            }
        }
    }

    /// <summary>Lines that are told as lost, where it is known how many.</summary>
    public long Lost => Gaps.Sum(gap => (long)(gap.Count ?? 0));

    /// <summary>The numbers of a source, in the order in which each was first stored.</summary>
    public IReadOnlyList<long> Of(string source)
    {
        lock (_sync)
        {
            return _firstSeen.TryGetValue(source, out var numbers) ? [.. numbers] : [];
        }
    }

    public void Store(ConsumedFrame frame)
    {
        lock (_sync)
        {
            _gaps.AddRange(frame.Gaps);
            foreach (var envelope in frame)
            {
                if (!RawEnvelope.TryRead(envelope.Envelope, out var header)
                    || !Numbered.TryRead(EnvelopeReader.LogPayload(envelope.Envelope, header), out var number))
                {
                    throw new InvalidOperationException("The group got what nobody sent.");
                }

                var source = Encoding.UTF8.GetString(header.SourceId.Of(envelope.Envelope));
                var id = (frame.Mark.DopplerId, frame.Mark.Incarnation, envelope.Position);
                if (_lines.TryGetValue(id, out var known))
                {
                    if (known != (source, number))
                    {
                        throw new InvalidOperationException($"{id} is {known}, and {source} {number}.");
                    }

                    Duplicates++;
                    continue;
                }

                _lines.Add(id, (source, number));
                (_firstSeen.TryGetValue(source, out var numbers) ? numbers : _firstSeen[source] = []).Add(number);
            }
        }
    }
}
