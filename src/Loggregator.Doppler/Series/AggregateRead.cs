using Google.Protobuf;
using Grpc.Core;
using Loggregator.Pipeline.Series;
using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Syntax;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.Doppler.Series;

/// <summary>
/// One AggregateSeries call: the series that match go by in pieces, and what is held of them is their groups. Who asks stops it by going away.
/// </summary>
internal sealed class AggregateRead(SeriesStore store, DopplerIdentity identity, DopplerCounters counters, AggregateTurns turns, TimeProvider time)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1); // after which an empty frame says that it goes on
    private const int MaxHeld = 8 * 1024 * 1024; // values of groups and of what is being evaluated
    private const int MaxEvaluated = 512 * 1024; // values of one evaluation
    private const int FrameBytes = 256 * 1024, NumbersPerFrame = 32 * 1024;

    public async Task RunAsync(AggregateSeriesRequest request, IServerStreamWriter<MessageBuffer> frames, CancellationToken gone)
    {
        PartialAggregation aggregation;
        SeriesPieces pieces;
        var said = time.GetTimestamp();
        while (!await turns.TryTakeAsync(Silence, gone))
        {
            await WriteAsync(new AggregateFrame(), frames);
        }

        try
        {
            aggregation = PartialAggregation.Open(Of(request), MaxHeld, gone);
            pieces = new SeriesPieces(store, aggregation.Selection, request.SourceIds, request.WithoutProducers.ToHashSet());
            while (pieces.MoveNext())
            {
                foreach (var some in pieces.Current.Chunk(Math.Max(1, MaxEvaluated / (int)request.Steps)))
                {
                    aggregation.Add(some);
                }

                await Task.Yield(); // whoever waits for a thread has it first
                if (time.GetElapsedTime(said) > Silence)
                {
                    said = time.GetTimestamp();
                    await WriteAsync(new AggregateFrame(), frames);
                }
            }
        }
        catch (PromQlException exception)
        {
            var code = exception.Fault == PromQlFault.Execution ? StatusCode.ResourceExhausted : StatusCode.InvalidArgument;
            throw new RpcException(new Status(code, exception.Message));
        }
        finally
        {
            turns.Give();
        }

        await WriteAsync(aggregation.Result(), pieces, frames);
    }

    private static AggregateRequest Of(AggregateSeriesRequest request) => new(
        request.Query,
        new TextRange((int)Math.Min(request.PlaceStart, int.MaxValue), (int)Math.Min(request.PlaceEnd, int.MaxValue)),
        request.Start,
        request.Interval,
        (int)Math.Min(request.Steps, int.MaxValue),
        new EngineOptions
        {
            Parser = new ParserOptions { ExperimentalFunctions = request.ExperimentalFunctions },
            Lookback = TimeSpan.FromMilliseconds(Math.Clamp(request.Lookback, 0, (long)TimeSpan.FromDays(365).TotalMilliseconds)),
            DelayedNameRemoval = request.DelayedNameRemoval,
            MaxSamples = (int)Math.Min(request.MaxSamples, int.MaxValue),
        });

    private async Task WriteAsync(PartialGroups result, SeriesPieces pieces, IServerStreamWriter<MessageBuffer> frames)
    {
        var (frame, size) = (new AggregateFrame(), 0);
        foreach (var group in result.Groups)
        {
            var message = Of(group);
            frame.Groups.Add(message);
            if ((size += message.CalculateSize()) > FrameBytes)
            {
                await WriteAsync(frame, frames);
                (frame, size) = (new AggregateFrame(), 0);
            }
        }

        foreach (var producers in pieces.Producers.Chunk(NumbersPerFrame))
        {
            await WriteAsync(new AggregateFrame { Producers = { producers } }, frames);
        }

        foreach (var producers in pieces.LeftOut.Chunk(NumbersPerFrame))
        {
            await WriteAsync(new AggregateFrame { LeftOut = { producers } }, frames);
        }

        (frame.DopplerId, frame.Incarnation, frame.Complete, frame.Samples) = (identity.Id, identity.Incarnation, true, (ulong)result.Samples);
        frame.Remarks.AddRange(result.Annotations.Select(remark => new AggregateRemark { Warning = remark.IsWarning, Text = remark.Text }));
        await WriteAsync(frame, frames);
    }

    private static AggregateGroup Of(PartialGroup group)
    {
        var message = new AggregateGroup { DropName = group.DropName };
        foreach (var (name, value) in group.Labels.Pairs)
        {
            message.Labels.Add(name, value);
        }

        message.Values.AddRange(group.Values.Span);
        message.Compensations.AddRange(group.Compensations.Span);
        message.Counts.AddRange(group.Counts.Span);
        return message;
    }

    private async Task WriteAsync(AggregateFrame frame, IServerStreamWriter<MessageBuffer> frames)
    {
        using var buffer = MessageBuffer.Rent(frame.CalculateSize());
        frame.WriteTo(buffer);
        await frames.WriteAsync(buffer);
        Interlocked.Increment(ref counters.FramesWritten);
        Interlocked.Add(ref counters.BytesWritten, buffer.Length);
    }
}
