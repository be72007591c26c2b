using Grpc.Core;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Loggregator.Protocol.LogCache;
using Loggregator.TrafficController.Metrics;
using Sample = Loggregator.PromQl.Storage.Sample;
using Wire = Loggregator.Protocol.LogCache.PromQL.Types;

namespace Loggregator.TrafficController.LogCache;

/// <summary><c>logcache.v1.PromQLQuerier</c>: queries over gRPC.</summary>
internal sealed class PromQlQuerier(LogCacheQueries queries, CallerScope scopeOf) : PromQLQuerier.PromQLQuerierBase
{
    public override async Task<Wire.InstantQueryResult> InstantQuery(Wire.InstantQueryRequest request, ServerCallContext context)
    {
        var answer = new Wire.InstantQueryResult();
        await RunAsync(context, (scope, use) => queries.InstantAsync(scope, request.Query, request.Time, use, context.CancellationToken), result =>
        {
            switch (result.Kind)
            {
                case ValueKind.Scalar:
                    var scalar = result.Series[0].Samples.Span[0];
                    answer.Scalar = new Wire.Scalar { Time = QueryJson.Time(scalar.Time), Value = scalar.Value };
                    break;
                case ValueKind.Matrix:
                    answer.Matrix = MatrixOf(result);
                    break;
                default:
                    answer.Vector = new Wire.Vector();
                    answer.Vector.Samples.Add(result.Series.Select(series =>
                        new Wire.Sample { Metric = { LabelsOf(series) }, Point = PointOf(series.Samples.Span[0]) }));
                    break;
            }
        });
        return answer;
    }

    public override async Task<Wire.RangeQueryResult> RangeQuery(Wire.RangeQueryRequest request, ServerCallContext context)
    {
        var answer = new Wire.RangeQueryResult();
        await RunAsync(
            context,
            (scope, use) => queries.RangeAsync(scope, request.Query, request.Start, request.End, request.Step, use, context.CancellationToken),
            result => answer.Matrix = MatrixOf(result));
        return answer;
    }

    private async Task RunAsync(
        ServerCallContext context,
        Func<SourceScope, Func<QueryResult, (int Answered, int Known), Task>, Task<QueryFault?>> run,
        Action<QueryResult> use)
    {
        var fault = await run(scopeOf(context.GetHttpContext()), (result, whole) =>
        {
            use(result);
            Partial.Tell(context, whole.Answered, whole.Known);
            return Task.CompletedTask;
        });
        if (fault is not null)
        {
            throw new RpcException(new Status(fault.IsUsers ? StatusCode.InvalidArgument : StatusCode.Unknown, fault.Message));
        }
    }

    private static Wire.Matrix MatrixOf(QueryResult result)
    {
        var matrix = new Wire.Matrix();
        foreach (var series in result.Series)
        {
            var told = new Wire.Series { Metric = { LabelsOf(series) } };
            foreach (var sample in series.Samples.Span)
            {
                told.Points.Add(PointOf(sample));
            }

            matrix.Series.Add(told);
        }

        return matrix;
    }

    private static Dictionary<string, string> LabelsOf(Series series) => series.Labels.Pairs.ToDictionary(pair => pair.Key, pair => pair.Value);

    private static Wire.Point PointOf(Sample sample) => new() { Time = QueryJson.Time(sample.Time), Value = sample.Value };
}
