using Google.Protobuf;
using Grpc.Core;
using Loggregator.Pipeline.Series;
using Loggregator.PromQl.Matching;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.Doppler.Series;

/// <summary>One ReadSeries call: what matches, in frames of about 64 KiB. A reader that waits holds nothing up but this.</summary>
internal sealed class SeriesRead(SeriesStore store, DopplerIdentity identity, DopplerCounters counters)
{
    private const int FrameBytes = 64 * 1024;
    private const int MostSamples = FrameBytes / 16; // of a series in one frame
    private readonly long[] _times = new long[MostSamples];
    private readonly double[] _values = new double[MostSamples];

    public async Task RunAsync(ReadSeriesRequest request, IServerStreamWriter<MessageBuffer> frames, CancellationToken gone)
    {
        var cursor = new SeriesCursor(store, QueryOf(request));
        using var frame = MessageBuffer.Rent(FrameBytes + (FrameBytes / 4));
        new SeriesFrame { DopplerId = identity.Id, Incarnation = identity.Incarnation }.WriteTo(frame);
        while (!gone.IsCancellationRequested && cursor.MoveNext())
        {
            for (var told = 0; told == 0 || told < cursor.Samples.Length; told += MostSamples)
            {
                if (frame.Length >= FrameBytes / 2)
                {
                    await WriteAsync(frame, frames);
                }

                Add(frame, cursor, told);
            }
        }

        await WriteAsync(frame, frames);
    }

    private static SeriesQuery QueryOf(ReadSeriesRequest request)
    {
        try
        {
            var match = new SeriesMatch(
                [.. request.Matches.Select(match => new LabelMatcher(match.Label, Of(match.Comparison), match.Text))], request.MetricNames);
            var producers = request.Producers.ToHashSet();
            return match.Query(request.SourceIds, producers.Count == 0 ? null : identity => producers.Contains(SeriesPieces.ProducerOf(identity))) with
            {
                From = request.Start,
                To = request.End,
                LabelsOnly = request.LabelsOnly,
            };
        }
        catch (Exception exception) when (exception is ArgumentException or PatternException)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, exception.Message));
        }
    }

    private static MatchOperator Of(LabelMatch.Types.Comparison comparison) => comparison switch
    {
        LabelMatch.Types.Comparison.Equal => MatchOperator.Equal,
        LabelMatch.Types.Comparison.NotEqual => MatchOperator.NotEqual,
        LabelMatch.Types.Comparison.Regex => MatchOperator.Regexp,
        LabelMatch.Types.Comparison.NotRegex => MatchOperator.NotRegexp,
        _ => throw new ArgumentException($"There is no comparison {(int)comparison}."),
    };

    private void Add(MessageBuffer frame, SeriesCursor cursor, int from)
    {
        var samples = cursor.Samples[from..Math.Min(from + MostSamples, cursor.Samples.Length)];
        for (var i = 0; i < samples.Length; i++)
        {
            (_times[i], _values[i]) = (samples[i].Time, samples[i].Value);
        }

        var times = _times.AsSpan(0, samples.Length);
        var values = _values.AsSpan(0, samples.Length);
        if (from > 0)
        {
            SeriesFrameCodec.WriteMore(frame, times, values);
            return;
        }

        var kind = cursor.Kind == SeriesKind.Counter ? SeriesSamples.Types.Kind.Counter : SeriesSamples.Types.Kind.Gauge;
        SeriesFrameCodec.Write(frame, cursor.Identity, cursor.Name, cursor.Unit, kind, cursor.IsDerived, times, values);
    }

    private async Task WriteAsync(MessageBuffer frame, IServerStreamWriter<MessageBuffer> frames)
    {
        await frames.WriteAsync(frame);
        Interlocked.Increment(ref counters.FramesWritten);
        Interlocked.Add(ref counters.BytesWritten, frame.Length);
        frame.Clear();
    }
}
