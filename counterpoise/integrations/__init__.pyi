from ._mlflow_record import record_in_mlflow as record_in_mlflow
