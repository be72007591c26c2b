using Loggregator.PromQl;
using Loggregator.TrafficController.Metrics;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Prometheus;

/// <summary>A request that is not served; the message is for its user.</summary>
internal sealed class ApiException(ApiErrorType type, string message) : Exception(message)
{
    public ApiErrorType Type { get; } = type;

    /// <summary>The type as it stands in an answer.</summary>
    public string TypeName => Type switch
    {
        ApiErrorType.BadData or ApiErrorType.MethodNotAllowed => "bad_data",
        ApiErrorType.Execution => "execution",
        ApiErrorType.Timeout => "timeout",
        ApiErrorType.Canceled => "canceled",
        ApiErrorType.Unavailable => "unavailable",
        _ => "not_found",
    };

    /// <summary>As Prometheus answers it.</summary>
    public int HttpStatus => Type switch
    {
        ApiErrorType.BadData => StatusCodes.Status400BadRequest,
        ApiErrorType.Execution => StatusCodes.Status422UnprocessableEntity,
        ApiErrorType.Timeout or ApiErrorType.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ApiErrorType.Canceled => StatusCodes.Status499ClientClosedRequest,
        ApiErrorType.MethodNotAllowed => StatusCodes.Status405MethodNotAllowed,
        _ => StatusCodes.Status404NotFound,
    };

    /// <summary>A parameter that is not what it has to be.</summary>
    public static ApiException Invalid(string parameter, string message) => new(ApiErrorType.BadData, $"invalid parameter \"{parameter}\": {message}");

    /// <summary>What ended a query or a read of series; null for what is no fault of these.</summary>
    public static ApiException? Of(Exception exception) => exception switch
    {
        ApiException own => own,
        MetricsUnavailableException none => new ApiException(ApiErrorType.Unavailable, none.Message),
        PromQlException { Fault: PromQlFault.Parse or PromQlFault.Parameters } query => Invalid("query", query.Message),
        PromQlException { Fault: PromQlFault.Timeout } late => new ApiException(ApiErrorType.Timeout, late.Message),
        PromQlException { Fault: PromQlFault.Canceled } gone => new ApiException(ApiErrorType.Canceled, gone.Message),
        PromQlException failed => new ApiException(ApiErrorType.Execution, failed.Message),
        OperationCanceledException => new ApiException(ApiErrorType.Canceled, "the request was canceled"),
        _ => null,
    };
}
